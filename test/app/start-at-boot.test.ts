import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BootIo, reportDisable, reportEnable, thisInstallation } from '../../src/app/start-at-boot.ts';
import { defaultConfig } from '../../src/config/load.ts';

const TEMPLATE = readFileSync(join(import.meta.dirname, '../../config/pxed.service'), 'utf8');
const LINK = 'etc/systemd/system/multi-user.target.wants/pxed.service';
const UNIT = 'etc/systemd/system/pxed.service';
const question = { arguments: ['eth0', '/tftp'], config: defaultConfig() };
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-image-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function rig({
  booted = false,
  systemctl = (): { status: number; text: string } => ({ status: 0, text: '' }),
} = {}) {
  const said = { out: '', err: '' };
  const asked: string[] = [];
  const io: BootIo = {
    out: {
      write(text) {
        said.out += text;
      },
    },
    err: {
      write(text) {
        said.err += text;
      },
    },
    booted: () => booted,
    systemctl(args) {
      asked.push(args.join(' '));
      return systemctl();
    },
    template: TEMPLATE,
    program: ['/usr/bin/node', '/opt/pxed/dist/bin/pxed.js'],
  };
  return { io, said, asked };
}

test('enable writes and links the unit of an image, once', () => {
  const { io, said, asked } = rig();
  expect(reportEnable({ ...question, root }, io)).toBe(0);
  expect(said.out).toBe(`wrote ${join(root, UNIT)}\nlinked ${join(root, LINK)}\n`);
  expect(readFileSync(join(root, UNIT), 'utf8')).toContain(
    'ExecStart=/usr/bin/node /opt/pxed/dist/bin/pxed.js eth0 /tftp\n',
  );
  expect(readlinkSync(join(root, LINK))).toBe(`/${UNIT}`);
  said.out = '';
  expect(reportEnable({ ...question, root }, io)).toBe(0);
  expect(said.out).toBe(`pxed is started at boot of ${root} already\n`);
  expect(asked).toEqual([]);
});

test('enable takes another command line, and another program', () => {
  const { io, said } = rig();
  reportEnable({ ...question, root }, io);
  said.out = '';
  reportEnable(
    { ...question, root, arguments: ['--config', '/etc/x.yaml'], program: '/usr/bin/pxed', json: true },
    io,
  );
  expect(JSON.parse(said.out)).toEqual({ changed: true, done: [`wrote ${join(root, UNIT)}`], failed: false });
  expect(readFileSync(join(root, UNIT), 'utf8')).toContain('ExecStart=/usr/bin/pxed --config /etc/x.yaml\n');
});

test('enable leaves a unit alone that somebody else wrote', () => {
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  writeFileSync(join(root, UNIT), TEMPLATE);
  const { io, said } = rig();
  expect(reportEnable({ ...question, root }, io)).toBe(1);
  expect(said.err).toContain('not of pxectl');
  expect(readFileSync(join(root, UNIT), 'utf8')).toBe(TEMPLATE);
  expect(existsSync(join(root, LINK))).toBe(false);
});

test('enable opens what is written to', () => {
  const { io } = rig();
  const { tftp, ...rest } = defaultConfig();
  const config = { ...rest, tftp: { ...tftp, root: '/tftp', writes: 'create' as const }, state: '/srv/pxed' };
  reportEnable({ ...question, root, config }, io);
  expect(readFileSync(join(root, UNIT), 'utf8')).toContain(
    'ReadWritePaths=/tftp\nReadWritePaths=/srv/pxed\n',
  );
});

test('enable prints the unit as it would be written where systemd does not run, and its remarks apart', () => {
  const { io, said } = rig();
  expect(reportEnable(question, io)).toBe(1);
  expect(said.err).toContain('systemd does not run here');
  const plain = said.out;
  reportEnable({ ...question, root }, io);
  expect(plain).toBe(readFileSync(join(root, UNIT), 'utf8'));
  const asJson = rig();
  expect(reportEnable({ ...question, json: true }, asJson.io)).toBe(1);
  expect(JSON.parse(asJson.said.out)).toMatchObject({ changed: false, failed: true, unit: plain });
});

test('enable and disable follow no link out of an image', () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'pxed-host-'));
  try {
    symlinkSync(elsewhere, join(root, 'etc'));
    mkdirSync(join(elsewhere, 'systemd/system/multi-user.target.wants'), { recursive: true });
    const link = join(elsewhere, 'systemd/system/multi-user.target.wants/pxed.service');
    writeFileSync(link, 'of this system');
    for (const act of [reportEnable, reportDisable] as const) {
      const { io, said } = rig();
      expect(act({ ...question, root }, io)).toBe(1);
      expect(said.err).toBe(
        `pxectl: Cannot write /etc/systemd/system/${act === reportEnable ? '' : 'multi-user.target.wants/'}pxed.service of ${root}: a link there leads out, to ${elsewhere}\n`,
      );
    }
    expect(existsSync(join(elsewhere, 'systemd/system/pxed.service'))).toBe(false);
    expect(readFileSync(link, 'utf8')).toBe('of this system');
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

test('enable follows a link within an image', () => {
  mkdirSync(join(root, 'usr/etc'), { recursive: true });
  symlinkSync('usr/etc', join(root, 'etc'));
  const { io } = rig();
  expect(reportEnable({ ...question, root }, io)).toBe(0);
  expect(existsSync(join(root, 'usr', UNIT))).toBe(true);
});

test('disable takes the link of an image away, once', () => {
  const { io, said } = rig();
  reportEnable({ ...question, root }, io);
  said.out = '';
  expect(reportDisable({ root }, io)).toBe(0);
  expect(said.out).toBe(`removed ${join(root, LINK)}\n`);
  expect(existsSync(join(root, UNIT))).toBe(true);
  said.out = '';
  expect(reportDisable({ root }, io)).toBe(0);
  expect(said.out).toBe(`pxed is not started at boot of ${root}\n`);
});

test('disable asks systemd, and tells its refusal', () => {
  const running = rig({ booted: true, systemctl: () => ({ status: 0, text: 'enabled\n' }) });
  expect(reportDisable({ now: true }, running.io)).toBe(0);
  expect(running.asked).toEqual(['is-enabled pxed.service', 'disable pxed.service', 'stop pxed.service']);
  expect(running.said.out).toBe('pxed is no longer started when this machine boots\npxed is stopped\n');
  const refused = rig({ booted: true, systemctl: () => ({ status: 1, text: 'enabled' }) });
  expect(reportDisable({}, refused.io)).toBe(1);
  expect(refused.said.err).toBe('pxectl: systemctl disable pxed.service failed: enabled\n');
  const off = rig({ booted: true, systemctl: () => ({ status: 1, text: 'disabled' }) });
  expect(reportDisable({}, off.io)).toBe(0);
  expect(off.said.out).toBe('pxed is not started at boot already\n');
});

test('thisInstallation() knows its unit and its program', () => {
  const { template, program } = thisInstallation({ out: { write() {} }, err: { write() {} } });
  expect(template).toBe(TEMPLATE);
  expect(program.map((path) => existsSync(path))).toEqual([true, true]);
});
