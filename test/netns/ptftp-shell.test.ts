import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { PROJECT } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import { startTftpServer, TFTP_SERVERS } from '../rig/tftp-servers.ts';
import { openTmux, type TmuxTerminal, tmux } from '../rig/tmux.ts';
import { createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const SERVER = '192.168.77.1';

const site = {} as { lab: Lab; root: TftpRoot; client: Host; folder: string; server: Running };
let screen: TmuxTerminal;

async function sees(pattern: RegExp): Promise<void> {
  await expect.poll(() => screen.text(), { timeout: 20_000, interval: 50 }).toMatch(pattern);
}

/** Types a line and Enter. */
async function enter(line: string): Promise<void> {
  await screen.type(line);
  await screen.press('Enter');
}

async function open(...options: string[]): Promise<void> {
  screen = await openTmux([process.execPath, join(PROJECT, 'bin/ptftp.ts'), ...options, SERVER], {
    folder: site.lab.folder,
    netns: site.client.netns,
    cwd: site.folder,
    env: { XDG_STATE_HOME: join(site.lab.folder, 'state'), HOME: site.folder },
  });
  await sees(/^Connected to 192\.168\.77\.1:69\.\ntftp>$/);
}

/** What is in the folder, parts of files, too. */
const here = () => readdirSync(site.folder).sort();

ring('ptftp on a terminal', [namespaces, tmux], () => {
  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot({ writable: true });
    await site.root.fill('pxelinux.0', 42_376);
    await site.root.fill('initrd.img', 3_000_000);
    await site.root.fill('huge', 100_000_000);
    const host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
    site.server = await startTftpServer(host, TFTP_SERVERS[0]!, site.root.path);
  });
  beforeEach(async () => {
    site.folder = join(site.lab.folder, 'here');
    await rm(site.folder, { recursive: true, force: true });
    await rm(join(site.lab.folder, 'state'), { recursive: true, force: true });
    await mkdir(site.folder);
  });
  afterEach(async () => {
    await screen?.close();
  });
  afterAll(async () => {
    await site.lab.close();
    await site.root.delete();
  });

  test('fetches, refuses to replace, says what failed, and leaves at Ctrl-D', async () => {
    await open();
    await enter('get pxelinux.0');
    await sees(/^pxelinux\.0: 42376 bytes in \d+\.\d{3} s, \d+ kB\/s\ntftp>$/m);
    await enter('get pxelinux.0');
    await sees(/^pxelinux\.0 exists; get -f replaces it\ntftp>$/m);
    writeFileSync(join(site.folder, 'pxelinux.0'), 'mine');
    await enter('get -f pxelinux.0 missing initrd.img');
    await sees(/^initrd\.img: 3000000 bytes.*\ntftp>$/m);
    for (const name of ['pxelinux.0', 'initrd.img'])
      expect(await hashOf(join(site.folder, name))).toBe(await site.root.hash(name));
    await enter('get missing');
    await sees(/^missing at 192\.168\.77\.1: the server answered ERROR 1, .*\ntftp>$/m);
    await enter('!sh');
    await sees(/^ptftp runs no other programs: there is no !\ntftp>$/m);
    await enter('put initrd.img copy');
    await sees(/^initrd\.img: 3000000 bytes.*\ntftp>$/m);
    expect(await site.root.hash('copy')).toBe(await site.root.hash('initrd.img'));
    await screen.press('C-d');
    await sees(/^tftp>\n\[exit 0\]$/m);
  });

  test('completes commands, files here and names used there; has history, in the next session, too', async () => {
    writeFileSync(join(site.folder, 'my notes.txt'), 'text');
    await open();
    await screen.type('con');
    await screen.press('Tab');
    await sees(/^tftp> connect$/m);
    await screen.press('C-u');
    await screen.type('put my');
    await screen.press('Tab');
    await sees(/^tftp> put my\\ notes\.txt$/m);
    await enter('notes');
    await sees(/^my notes\.txt: 4 bytes.*\ntftp>$/m);
    expect(readFileSync(join(site.root.path, 'notes'), 'latin1')).toBe('text');
    await screen.type('get no');
    await screen.press('Tab');
    await sees(/^tftp> get notes$/m);
    await screen.press('Enter');
    await sees(/^notes: 4 bytes.*\ntftp>$/m);
    await screen.press('Up', 'Up');
    await sees(/^tftp> put my\\ notes\.txt notes$(?!\n)/m);
    await screen.press('C-u');
    await enter('quit');
    await sees(/^\[exit 0\]$/m);
    await screen.close();
    await open();
    await screen.press('Up', 'Up');
    await sees(/^tftp> get notes$/m);
    await screen.press('Enter');
    await sees(/^notes exists; get -f replaces it\ntftp>$/m);
  });

  test('Ctrl-C ends a transfer and brings the prompt back; nothing of the file stays', async () => {
    await open('-r', '-b', '8');
    await enter('get huge');
    await sees(/^huge +\d+ % \[.*ETA \d+:\d\d$|^huge +[\d.]+ .?B +[\d.]+ .?B\/s$/m);
    expect(here()).toHaveLength(1);
    await screen.press('C-c');
    await sees(/^(\^C)?huge at 192\.168\.77\.1: Transfer aborted\ntftp>$/m);
    expect(here()).toEqual([]);
    await enter('get pxelinux.0');
    await sees(/^pxelinux\.0: 42376 bytes.*\ntftp>$/m);
    expect(await hashOf(join(site.folder, 'pxelinux.0'))).toBe(await site.root.hash('pxelinux.0'));
  });

  test('Ctrl-C at the prompt clears the line, and twice leaves', async () => {
    await open();
    await screen.type('get huge');
    await sees(/^tftp> get huge$/m);
    await screen.press('C-c');
    await sees(/^tftp>$/m);
    await screen.type('status');
    await screen.press('Enter');
    await sees(/^mode octet$/m);
    await screen.press('C-c');
    await sees(/^\(Ctrl-C again, Ctrl-D or quit leaves\)\ntftp>$/m);
    await screen.press('C-c');
    await sees(/^\[exit 130\]$/m);
    expect(here()).toEqual([]);
  });

  test('comes back after Ctrl-Z, and takes what is pasted line by line', async () => {
    await open();
    await screen.type('sta');
    await sees(/^tftp> sta$/m);
    await screen.press('C-z');
    await sees(/^\[stopped\]$/m);
    await screen.press('Enter');
    await sees(/^tftp> sta$(?!\n)/m);
    await enter('tus');
    await sees(/^mode octet$/m);
    await screen.type('get pxelinux.0 a\nget pxelinux.0 b\nget initrd.img');
    await expect.poll(here).toEqual(['a', 'b']);
    await sees(/kB\/s\ntftp> get initrd\.img$(?!\n)/m);
    await enter(' c');
    await sees(/^initrd\.img: 3000000 bytes.*\ntftp>$/m);
  });

  test('a terminal that goes away in a transfer leaves nothing behind', async () => {
    await open('-r', '-b', '8');
    await enter('get huge');
    await sees(/^huge /m);
    expect(here()).toHaveLength(1);
    await screen.close();
    await expect.poll(here, { timeout: 10_000 }).toEqual([]);
    expect(existsSync(join(site.folder, 'huge'))).toBe(false);
  });
});
