import type { Page } from './page.ts';

/** The built console: `index.html`, and `assets/…` with a hash of their octets in each name. */
export type ConsoleFiles = {
  /** undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
};

/** Nothing but what this pxed served itself, nothing inline, in no frame: injected text stays text. */
const POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * The console's page and what it is made of; undefined for every other path. No token is needed for these: there is nothing in
 * them that is not in the package.
 */
export async function consolePage(files: ConsoleFiles, path: string): Promise<Page | undefined> {
  if (path === '/' || path === '/index.html')
    return (await page(files, 'index.html', 'no-cache')) ?? NOT_BUILT;
  const asset = /^\/(assets\/[\w-][\w.-]*)$/.exec(path)?.[1];
  // Another build has other names: what has this name never changes.
  return asset === undefined ? undefined : page(files, asset, 'public, max-age=31536000, immutable');
}

async function page(files: ConsoleFiles, name: string, caching: string): Promise<Page | undefined> {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  const body = type === undefined ? undefined : await files.read(name);
  if (type === undefined || !body) return undefined;
  return { type, headers: { ...HEADERS, 'cache-control': caching }, body };
}

const NOT_BUILT: Page = {
  status: 503,
  type: 'text/plain; charset=utf-8',
  headers: { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
  body: 'The console is not built here: npm run build\n',
};
