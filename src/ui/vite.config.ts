import { defineConfig } from 'vite';

/** The console, built into `dist/ui`: hashed files beside one page, nothing from elsewhere, nothing inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: '../../dist/ui',
    emptyOutDir: true,
    target: 'es2022',
    // An image that is small would become a data: URL otherwise, which our CSP refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
