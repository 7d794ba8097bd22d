/** A place to boot at: a lab with a boot root and the server under test, which one capture watches. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { BootRoot } from './boot-root.ts';
import { type Capture, startCapture } from './capture.ts';
import { createLab, type Host, type Lab } from './lab.ts';
import { addQuietRouter } from './machine.ts';
import type { Running } from './process.ts';
import { type ServerKind, type ServerSpec, serverKind, startServer } from './server.ts';

export type Site = {
  lab: Lab;
  root: BootRoot;
  host: Host;
  /** The one that runs now. */
  readonly server: Running;
  capture: Capture;
  /** The server's power is cut, and it starts again with what it had on its disk. */
  restart(): Promise<void>;
};

export type SiteSpec = Omit<ServerSpec, 'root'> & {
  /** The server's address (default 192.168.77.1/24). */
  address?: string;
  root: () => Promise<BootRoot>;
  /** Lays out the root before the server starts. */
  prepare?: (root: BootRoot) => Promise<void>;
  kind?: ServerKind;
  /** Virtual machines boot here: an IPv6 router keeps iPXE from waiting for one. */
  machines?: boolean;
  /** The server keeps its state in a folder; else in memory. */
  state?: boolean;
};

type OpenSite = Site & { close(): Promise<void> };

async function openSite(spec: SiteSpec): Promise<OpenSite> {
  const lab = await createLab();
  const root = await spec.root();
  const state = spec.state === true ? await openFolder() : undefined;
  const more = state === undefined ? [] : ['--state', join(state, 'pxed')];
  const about = { ...spec, root: root.path, options: [...more, ...(spec.options ?? [])] };

  async function close(): Promise<void> {
    await lab.close();
    await root.delete();
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  }

  try {
    await spec.prepare?.(root);
    const host = await lab.host('server', { address: spec.address ?? '192.168.77.1/24' });
    const capture = await startCapture(lab, 'lan');
    if (spec.machines === true) await addQuietRouter(lab);
    const start = () => startServer(host, about, spec.kind ?? serverKind);
    let server = await start();
    return {
      ...{ lab, root, host, capture },
      get server() {
        return server;
      },
      async restart() {
        server.signal('SIGKILL');
        await server.exited;
        server = await start();
      },
      async close() {
        await capture.stop();
        await close();
      },
    };
  } catch (error) {
    lab.keep('the site did not open');
    await close();
    throw error;
  }
}

/** A folder that is open to a server that has dropped its privileges. */
async function openFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pxed-state-'));
  await chmod(path, 0o755);
  return path;
}

/**
 * One site for all tests of the enclosing `describe`. When a test fails, the capture and every log are kept and what
 * the server said is printed.
 */
export function useSite(spec: SiteSpec): () => Site {
  let site: OpenSite | undefined;
  beforeAll(async () => {
    site = await openSite(spec);
  });
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail' || site === undefined) return;
    site.lab.keep(task.name);
    console.error(`the server said:\n${site.server.output().slice(-8000)}`);
  });
  afterAll(async () => {
    await site?.close();
  });
  return () => {
    if (site === undefined) throw new Error('Cannot use the site: it has not been opened');
    return site;
  };
}
