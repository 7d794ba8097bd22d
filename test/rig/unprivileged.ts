/** Nobody, on every system that tests run on. */
const NOBODY = 65_534;

/** Runs `body` with the rights of nobody, for root may read and write everything. As it is, when we are not root. */
export async function unprivileged<T>(body: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return body();
  process.seteuid?.(NOBODY);
  try {
    return await body();
  } finally {
    process.seteuid?.(0);
  }
}
