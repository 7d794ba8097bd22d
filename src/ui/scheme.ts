/** Light, dark, or what the system says. */
export const SCHEMES = ['auto', 'light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

const KEY = 'pxed-scheme';

export function rememberedScheme(): Scheme {
  const kept = localStorage.getItem(KEY);
  return SCHEMES.find((one) => one === kept) ?? 'auto';
}

export function applyScheme(scheme: Scheme): void {
  if (scheme === 'auto') {
    delete document.documentElement.dataset.scheme;
    localStorage.removeItem(KEY);
  } else {
    document.documentElement.dataset.scheme = scheme;
    localStorage.setItem(KEY, scheme);
  }
}

/** Calls back when what is seen becomes light or dark: a canvas has to be drawn anew. */
export function onSchemeChange(redraw: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const switched = new MutationObserver(redraw);
  switched.observe(document.documentElement, { attributeFilter: ['data-scheme'] });
  system.addEventListener('change', redraw);
  return () => {
    switched.disconnect();
    system.removeEventListener('change', redraw);
  };
}
