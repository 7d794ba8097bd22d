/** A place to boot at: a lab with a boot root and the server under test, which one capture watches. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { BootRoot } from './boot-root.ts';
import { type Capture, startCapture } from './capture.ts';
import { createLab, type Host, type Lab } from './lab.ts';
import { addQuietRouter } from './machine.ts';
import type { Running } from './process.ts';
import { type ServerKind, type ServerSpec, serverKind, startServer } from './server.ts';

export type Site = { lab: Lab; root: BootRoot; host: Host; server: Running; capture: Capture };

export type SiteSpec = Omit<ServerSpec, 'root'> & {
  /** The server's address (default 192.168.77.1/24). */
  address?: string;
  root: () => Promise<BootRoot>;
  /** Lays out the root before the server starts. */
  prepare?: (root: BootRoot) => Promise<void>;
  kind?: ServerKind;
  /** Virtual machines boot here: an IPv6 router keeps iPXE from waiting for one. */
  machines?: boolean;
};

async function openSite(spec: SiteSpec): Promise<Site> {
  const lab = await createLab();
  const root = await spec.root();
  try {
    await spec.prepare?.(root);
    const host = await lab.host('server', { address: spec.address ?? '192.168.77.1/24' });
    const capture = await startCapture(lab, 'lan');
    if (spec.machines === true) await addQuietRouter(lab);
    const server = await startServer(host, { ...spec, root: root.path }, spec.kind ?? serverKind);
    return { lab, root, host, server, capture };
  } catch (error) {
    lab.keep('the site did not open');
    await lab.close();
    await root.delete();
    throw error;
  }
}

async function closeSite({ lab, root, capture }: Site): Promise<void> {
  await capture.stop();
  await lab.close();
  await root.delete();
}

/**
 * One site for all tests of the enclosing `describe`. When a test fails, the capture and every log are kept and what
 * the server said is printed.
 */
export function useSite(spec: SiteSpec): () => Site {
  let site: Site | undefined;
  beforeAll(async () => {
    site = await openSite(spec);
  });
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail' || site === undefined) return;
    site.lab.keep(task.name);
    console.error(`the server said:\n${site.server.output().slice(-8000)}`);
  });
  afterAll(async () => {
    if (site !== undefined) await closeSite(site);
  });
  return () => {
    if (site === undefined) throw new Error('Cannot use the site: it has not been opened');
    return site;
  };
}
