import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOTED, createBootRoot, kernelPath, linux, loader } from '../rig/boot-root.ts';
import { biosRom, powerOn, qemu } from '../rig/machine.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { PROJECT } from '../rig/server.ts';
import { useSite } from '../rig/site.ts';
import { chromium, openChromium, SCHEMES, SIZES, shoot, violationsOf } from './chromium.ts';

const NEEDS = [namespaces, tun, chromium, qemu, biosRom, linux, loader('pxelinux')].concat([
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const TOKEN = 'only-who-knows-this-may-come';
const MAC = '52:54:00:c0:00:01';
const BOOT_MS = 100_000;
const CONSOLE = 'http://127.0.0.1:8080/';

const configFor = (folder: string) => `
control: { listen: "127.0.0.1:8080", token-file: ${folder}/token }
boot: { ipxe: pxelinux.0 }
tftp: { blksize-max: 512 } # files take long enough to be seen
profiles:
  install:
    title: Install Debian
    kernel: uploads/vmlinuz
    initrd: initrd.gz
    args: console=ttyS0 quiet panic=-1 pxed.config=install
    once: until-fetched
profile: local
`;

/** What a machine says of itself while it boots: each word that its row says, in order. */
const WATCH = `(() => {
  window.seen = [];
  const look = () => {
    const word = document.querySelector('.machine-row .stage-word')?.textContent;
    if (word && word !== window.seen.at(-1)) window.seen.push(word);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
})()`;

ring('the console, in a browser', NEEDS, () => {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-console-'));
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
  // What is tried is the console as its sources are.
  beforeAll(() => build({ configFile: join(PROJECT, 'src/ui/vite.config.ts'), logLevel: 'warn' }));
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    // As root it may write its own configuration, and the test's boot root.
    options: ['--user', 'root', '--control', join(folder, 'pxed.sock')],
    config: configFor(folder),
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.remove('vmlinuz');
      // What follows an initrd is zeros, as many as make it take a second or two.
      appendFileSync(join(root.path, 'initrd.gz'), new Uint8Array(8 * 1024 * 1024));
    },
  });
  const configFile = () => join(site().host.folder, 'pxed.yaml');
  let browser: Browser;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    browser = await openChromium(site().host);
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => void troubles.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) troubles.push(text);
    });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const view = async (name: string) => {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  };
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
  const told = (text: string | RegExp) =>
    page.getByRole('status').filter({ hasText: text }).first().waitFor();

  /** In both schemes, on a phone and on a desk. */
  async function look(name: string): Promise<void> {
    for (const [size, [width, height]] of Object.entries(SIZES)) {
      await page.setViewportSize({ width, height });
      for (const scheme of SCHEMES) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        await shoot(page, `${name}-${size}-${scheme}`);
        expect(await violationsOf(page), `${name}, ${size}, ${scheme}`).toEqual([]);
      }
      const isWider = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
      expect(isWider, `${name} fits a ${size}`).toBe(false);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  }

  test('nobody gets in without the token', async () => {
    await page.goto(CONSOLE);
    await page.getByLabel('Token').fill('somebody guesses');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'This is not the token' }).waitFor();
    await look('sign-in');
    await page.evaluate('void document.body.append(document.createElement("img"))');
    expect((await violationsOf(page)).join(), 'it looks indeed').toContain('image-alt');
    await page.evaluate('document.querySelector("img").remove()');
    await page.getByLabel('Token').fill(TOKEN);
    await button('Sign in').click();
    await page.getByRole('heading', { level: 1, name: 'Machines' }).waitFor();
    await page.getByText('No machine has asked yet').first().waitFor();
    await look('machines-none');
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: 'pxed-session', httpOnly: true, sameSite: 'Strict' });
  });

  test('a file is uploaded, and is there octet by octet', async () => {
    await view('Files');
    await button('New folder').click();
    await page.getByLabel('Name', { exact: true }).fill('uploads');
    await button('Make it').click();
    await page.getByRole('link', { name: 'uploads' }).click();
    await page.getByText('This folder is empty').waitFor();
    const kernel = readFileSync(kernelPath()!);
    await page.getByLabel('Files to upload').setInputFiles({
      ...{ name: 'kernel', mimeType: 'application/octet-stream', buffer: kernel },
    });
    await told('1 of 1 file uploaded');
    await button('kernel').click();
    await button('Work out its SHA-256').click();
    await page.getByText(createHash('sha256').update(kernel).digest('hex')).waitFor();
    await look('file');
    await button('Rename…').click();
    await page.getByLabel('New name').fill('uploads/vmlinuz');
    await button('Rename').click();
    await told('uploads/kernel is uploads/vmlinuz now');
    await button('vmlinuz').waitFor();
    expect(readFileSync(join(site().root.path, 'uploads/vmlinuz')).equals(kernel)).toBe(true);
    await look('files');
  });

  test('a machine is told to install once, and is watched while it does', async () => {
    await view('Profiles');
    await look('profiles');
    await button('Use… install for a machine').click();
    await page.getByLabel('Machine', { exact: true }).fill(MAC);
    await look('choose');
    await button('Choose').click();
    await told(`${MAC} boots install the next time`);

    await view('Machines');
    await page.evaluate(WATCH);
    const machine = await powerOn(site().lab, { name: 'watched', mac: MAC, firmware: 'bios' });
    try {
      const row = page.getByRole('row', { name: MAC });
      await row.waitFor({ timeout: BOOT_MS });
      const { match } = await machine.waitFor(BOOTED, BOOT_MS);
      expect(match[1]).toContain('pxed.config=install');
      await page.getByText('1 of 1 booted').first().waitFor({ timeout: BOOT_MS });
    } finally {
      await machine.off();
    }
    const seen = await page.evaluate<string[]>('window.seen');
    const order = ['Address', 'Loader', 'Configuration', 'Kernel', 'Initrd', 'Booted'];
    expect(seen).toEqual(order.filter((word) => seen.includes(word)));
    // What comes before may be over sooner than it is drawn; these two take seconds.
    expect(seen.slice(-3)).toEqual(['Kernel', 'Initrd', 'Booted']);
    await look('machines');
  });

  test('it tells every step of that boot, and what comes next', async () => {
    await page.getByRole('link', { name: MAC }).click();
    await page.getByRole('heading', { level: 1, name: MAC }).waitFor();
    const steps = page.getByRole('region', { name: 'Its last boot' });
    await steps.getByText(/is configured by .* made from profile install/).waitFor();
    await steps.getByText(/got uploads\/vmlinuz/).waitFor();
    await page.getByRole('region', { name: 'Why' }).getByText('Booted', { exact: true }).waitFor();
    await page
      .getByRole('region', { name: 'What it boots next' })
      .getByText('local', { exact: true })
      .waitFor();
    await look('machine');
    await button('Forget installation').click();
    await button('Forget').click();
    await told(/offered everything again/);
  });

  test('a mistake in the configuration is shown at its line; without it it is saved and holds', async () => {
    await view('Configuration');
    const field = page.getByLabel('Configuration file');
    const before = readFileSync(configFile(), 'utf8');
    const line = before.split('\n').length;
    await field.fill(`${before}mode: sideways\n`);
    await button(`Line ${line}`).waitFor();
    await page.locator('.gutter .wrong').getByText(String(line), { exact: true }).waitFor();
    await look('config-mistake');
    await button('Save and put in force').click({ force: true }); // it is shown as what cannot be done
    expect(readFileSync(configFile(), 'utf8')).toBe(before);
    await button(`Line ${line}`).click();
    expect(await page.evaluate('getSelection().toString()')).toBe('mode: sideways');
    await page.keyboard.type('hosts: [{ mac: 52:54:00:c0:00:02, hostname: second }] # from the console');
    await page.getByText('No mistake.').waitFor();
    await button('Save and put in force').click();
    await told('1 change saved and in force');
    expect(readFileSync(configFile(), 'utf8')).toBe(
      `${before}hosts: [{ mac: 52:54:00:c0:00:02, hostname: second }] # from the console\n`,
    );
  });

  test('what somebody else changed meanwhile is not put away', async () => {
    const field = page.getByLabel('Configuration file');
    const mine = `${readFileSync(configFile(), 'utf8')}# mine\n`;
    await field.fill(mine);
    await page.getByText('No mistake.').waitFor();
    const theirs = mine.replace('# mine', '# theirs');
    writeFileSync(configFile(), theirs);
    await button('Save and put in force').click();
    await page.getByRole('alert').filter({ hasText: 'Somebody changed the configuration' }).waitFor();
    expect(readFileSync(configFile(), 'utf8')).toBe(theirs);
    expect(await field.inputValue()).toBe(mine);
    await button('Take what the file says now').click();
    await page.getByText('not in force', { exact: true }).waitFor();
    expect(await field.inputValue()).toBe(theirs);
    await button('Put in force what the file says').click();
    await page.getByText('in force', { exact: true }).waitFor();
  });

  test('a service is stopped and started', async () => {
    await view('Services');
    await look('services');
    await button('Stop… http').click();
    await button('Stop').click();
    await told('http is halted');
    await button('Start http').click();
    await told('http runs');
  });

  test('leases, traffic and log say what was', async () => {
    await view('Leases');
    await page.getByRole('button', { name: /^192\.168\.77\.\d+$/ }).click();
    await page.getByRole('link', { name: MAC }).waitFor();
    await look('lease');
    await page.keyboard.press('Escape');
    await look('leases');
    await view('Traffic');
    await page.locator('.chart canvas').waitFor();
    await look('traffic');
    await view('Log');
    await page.getByRole('listitem').filter({ hasText: 'uploads/vmlinuz' }).first().waitFor();
    await look('log');
  });

  test('everything can be reached by keys', async () => {
    await page.goto(CONSOLE);
    await page.getByRole('row', { name: MAC }).waitFor();
    await page.keyboard.press('Tab');
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('radio', { name: /^Booting/ }).isChecked()).toBe(true);
    await page.getByText('No machine fits').waitFor();
  });

  test('whoever signs out is out', async () => {
    const mayAsk = () => page.evaluate<number>('fetch("/api/v1/status").then(({ status }) => status)');
    expect(await mayAsk()).toBe(200);
    await button('Sign out').click();
    await page.getByLabel('Token').fill(TOKEN);
    expect(await mayAsk()).toBe(401);
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: MAC }).waitFor();
  });

  test('it says when pxed is gone, and asks for the token where that is another one’s session', async () => {
    site().server.signal('SIGKILL');
    await told('Connection lost');
    await look('lost');
    await site().restart();
    await page.getByLabel('Token').waitFor({ timeout: 30_000 });
  });

  test('nothing was refused by its own policy, and nothing was thrown', () => {
    expect(troubles).toEqual([]);
  });
});
