import { expect, test } from 'vitest';
import { fileWarnings } from '../../src/app/check-files.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

const TEXT = `version: 1
boot:
  arch: { 7: 'there.efi', 11: 'gone.efi', 16: 'http://10.0.0.1/x.efi' }
hosts:
  - { mac: 52:54:00:12:34:56, filename: gone.0 }
rules:
  - { match: { stage: firmware }, then: { filename: there.efi } }
`;

function warned(text: string, nextServer?: number): string[] {
  const loaded = loadConfig(text, { file: 'f', archNames: [] });
  if (!loaded.ok) throw new Error('no such configuration');
  const setup = { config: loaded.value, overrides: nextServer === undefined ? {} : { nextServer } };
  return fileWarnings(setup, (file) => file === 'there.efi').map((event) =>
    event.type === 'service.warning' ? event.detail : event.type,
  );
}

test('fileWarnings() names files of the configuration that are not there, and where they are named', () => {
  expect(warned(TEXT)).toEqual([
    'not in the root, but named in the configuration: gone.efi (boot.arch.11), gone.0 (hosts[0])',
  ]);
});

test('fileWarnings() says nothing where files may be on another TFTP server, or are all there', () => {
  expect(warned(TEXT, parseIpv4('10.0.0.2'))).toEqual([]);
  expect(warned(TEXT.replace('filename: gone.0', 'filename: gone.0, next-server: 10.0.0.2'))).toEqual([]);
  expect(warned('version: 1\n')).toEqual([]);
});
