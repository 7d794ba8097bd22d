import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

let folder: string;

function tsc(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [TSC, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 100_000,
  });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

/** The package as npm would install it, declarations alone, in the node_modules of a user. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-types-'));
  const pxed = join(folder, 'node_modules/pxed');
  mkdirSync(join(pxed, 'dist'), { recursive: true });
  const built = tsc('-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', join(pxed, 'dist'));
  expect(built).toBe('');
  symlinkSync(join(ROOT, 'package.json'), join(pxed, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(pxed, 'node_modules'));
  mkdirSync(join(folder, 'node_modules/@types'));
  for (const name of ['@types/node', 'undici-types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function problemsOf(code: string): string {
  writeFileSync(join(folder, 'consumer.ts'), code);
  const options = {
    ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, preserveSymlinks: true },
  };
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }));
  return tsc('-p', config);
}

test('a program that uses the library type-checks against the declarations that are shipped', () => {
  const problems = problemsOf(`
    import { createFileStore, createPxed, createTftpServer, FileNotFound, ServerNotRunning, TftpError } from 'pxed';
    import type { ConfigInput, FileStore, PutResult, Pxed, TftpServer, Transfer } from 'pxed';
    import { decode } from 'pxed/dhcp-packet';

    const server: TftpServer = createTftpServer({
      root: '/tftp',
      port: 0,
      tftp: { writes: 'create', 'blksize-max': 1468 },
      onCompleted: ({ host, bytes }: Transfer) => console.log(host.length, bytes?.toFixed()),
      onEvent: (event, at) => {
        if (event.type === 'tftp.done') console.log(event.bytes + at);
      },
    });
    const files: FileStore = server.files;
    const result: Promise<PutResult> = files.put('a', new Blob(['x']).stream(), { overwrite: false });
    const config: ConfigInput = {
      version: 1,
      interfaces: ['eth0'],
      networks: [{ subnet: '192.168.77.0/24', lease: '12h' }],
      tftp: { root: '/tftp' },
    };
    const pxed: Pxed = createPxed(config);
    const port: number = pxed.port();
    export async function main(): Promise<string> {
      await using another = createFileStore({ root: '/tftp', create: true });
      await result.catch((error: unknown) => {
        if (error instanceof FileNotFound || error instanceof ServerNotRunning) return error.reason;
        throw new TftpError('x', { reason: 'mine', cause: error });
      });
      for await (const { path, sizeBytes } of another.scan()) console.log(path, sizeBytes, port);
      return \`\${typeof decode} \${await another.hash('a', 'md5')}\`;
    }
  `);
  expect(problems).toBe('');
});

test('the declarations refuse what there is not', () => {
  const problems = problemsOf(`import { createFileStore, createPxed, createTftpServer } from 'pxed';
    createPxed({ version: 1, tftpd: {} });
    createPxed({ version: 1, mode: 'of' });
    createTftpServer({ folder: '/tftp' });
    createFileStore({ root: '/' }).hash('a', 'crc32');
  `);
  const lines = problems.split('\n').filter((line) => line !== '');
  expect(lines.map((line) => /consumer\.ts\((\d),/.exec(line)?.[1])).toEqual(['2', '3', '4', '5']);
});
