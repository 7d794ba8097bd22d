import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConsoleFiles, consolePage } from '../../../src/server/control/console.ts';

const OCTETS = new TextEncoder().encode('octets');

function files(...names: string[]): ConsoleFiles & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async read(name) {
      asked.push(name);
      return names.includes(name) ? OCTETS : undefined;
    },
  };
}

const BUILT = ['index.html', 'assets/index-AbC_1-d.js', 'assets/index-x.css', 'assets/icon-y.svg'];

test.each([
  ['/', 'text/html; charset=utf-8', 'no-cache'],
  ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
  ['/assets/index-AbC_1-d.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/assets/index-x.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/assets/icon-y.svg', 'image/svg+xml', 'public, max-age=31536000, immutable'],
])('consolePage() serves %s so that browsers run nothing else', async (path, type, caching) => {
  const page = await consolePage(files(...BUILT), path);
  expect(page).toMatchObject({ type, body: OCTETS });
  expect(page!.headers).toMatchObject({ 'cache-control': caching, 'x-content-type-options': 'nosniff' });
  const policy = page!.headers!['content-security-policy']!;
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|data:|\*/);
});

test('consolePage() says so where the console is not built', async () => {
  expect(await consolePage(files(), '/')).toMatchObject({ status: 503, type: 'text/plain; charset=utf-8' });
});

test.each([
  '/assets/none.js',
  '/assets/',
  '/assets/..',
  '/assets/../index.html',
  '/assets/x.map',
  '/etc/passwd',
])('consolePage() knows nothing of %s', async (path) => {
  expect(await consolePage(files(...BUILT, 'assets/x.map'), path)).toBeUndefined();
});

test('consolePage() asks for no name that leads elsewhere, whatever is asked for', async () => {
  const piece = fc.constantFrom('/', '..', '.', 'assets', '%2e', '\\', 'a.js', '\0', ' ', '//');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(piece, fc.string())), async (pieces) => {
      const known = files();
      await consolePage(known, `/${pieces.join('')}`);
      for (const name of known.asked) expect(name).toMatch(/^(index\.html|assets\/[\w-][\w.-]*)$/);
    }),
  );
});
