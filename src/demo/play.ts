/** The demo itself, inside its private network: one server, one machine, two boots. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RomIdentity } from '../client/rom-identity.ts';
import { runWalk } from '../client/run-walk.ts';
import type { Step, Verdict } from '../client/step.ts';
import { fromHex } from '../lib/bytes.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../lib/ipv4.ts';
import { setLinkAddress, setLinkUp } from '../net/linux/link-config.ts';
import { openTap, type Tap } from '../net/linux/tap.ts';
import { loadNetwork } from '../net/load.ts';
import { layBootFiles, linkClient, NETBOOT_CONFIG } from './boot-files.ts';
import type { RealParts } from './parts.ts';
import { answerSolicitations } from './quiet-router.ts';
import { bootRealMachine } from './real-machine.ts';
import type { Screen } from './screen.ts';
import { startServer } from './server.ts';

const INTERFACE = 'eth0';
const SERVER_ADDRESS = '192.168.77.1';
const PREFIX_LENGTH = 24;
const BOOT_FILE = 'pxelinux.0';
const READY_MS = 30_000;
const STOP_MS = 5000;

/** The machine: QEMU's range of MACs, a UUID as SMBIOS prints it and as option 97 carries it. */
const MAC = '52:54:00:77:00:01';
const UUID = 'b0071ab0-0102-4443-8506-0708090a0b0c';
const UUID_ON_WIRE = fromHex('b01a07b0 0201 4344 8506 0708090a0b0c');

export type PlayOptions = {
  /** undefined: the built-in machine. */
  readonly parts: RealParts | undefined;
  readonly keep: boolean;
  /** Root of a user namespace only. */
  readonly mapped: boolean;
  readonly screen: Screen;
};

/** Returns the exit code: 0 when the machine booted, 1 when not, 128 and more after a signal. Always cleans up. */
export async function play(options: PlayOptions): Promise<number> {
  const { screen } = options;
  const interrupt = new AbortController();
  let signalled: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      signalled ??= constants.signals[name];
      interrupt.abort(new Error(`Interrupted by ${name}`));
    });
  }
  const root = mkdtempSync(join(tmpdir(), 'pxed-demo-'));
  let booted = false;
  try {
    chmodSync(root, 0o755); // pxed serves it as nobody
    booted = await boot(root, options, interrupt.signal);
  } catch (error) {
    screen.say('demo', error instanceof Error ? error.message : String(error));
  } finally {
    if (options.keep) screen.say('demo', `The boot files are in ${root}`);
    else rmSync(root, { recursive: true, force: true });
  }
  if (signalled !== undefined) return 128 + signalled;
  return booted ? 0 : 1;
}

async function boot(root: string, options: PlayOptions, interrupt: AbortSignal): Promise<boolean> {
  const { screen } = options;
  layBootFiles(root, options.parts);
  const tap = plugIn();
  const server = startServer({
    interface: INTERFACE,
    root,
    bootFile: BOOT_FILE,
    stayRoot: options.mapped,
    onLine: (line) => screen.say('pxed', line),
  });
  const died = new AbortController();
  server.running.ended.then((code) => died.abort(new Error(`pxed ended with exit code ${code}`)));
  const signal = AbortSignal.any([interrupt, died.signal]);
  try {
    screen.say('demo', `A private network, ${SERVER_ADDRESS}/${PREFIX_LENGTH}; in it: ${server.commandLine}`);
    const late = setTimeout(() => died.abort(new Error(`pxed is not ready after ${READY_MS} ms`)), READY_MS);
    await orAbort(server.ready, signal).finally(() => clearTimeout(late));
    const ip = await firstBoot(tap, screen, signal);
    if (ip === undefined) return false;
    const link = linkClient(root, ip);
    screen.say('demo', `Now it shall boot over the network: ln -s ${NETBOOT_CONFIG} pxelinux.cfg/${link}`);
    if (!options.parts) return await secondBootBuiltIn(tap, link, { screen, signal });
    return await secondBootReal(tap, options.parts, { screen, signal });
  } finally {
    await server.running.stop(STOP_MS);
    tap.close();
  }
}

/** The network card of the server, and with the same device the cable to the machine. */
function plugIn(): Tap {
  const tap = openTap(INTERFACE);
  setLinkUp('lo');
  setLinkAddress(INTERFACE, parseIpv4(SERVER_ADDRESS) ?? 0, PREFIX_LENGTH);
  setLinkUp(INTERFACE);
  return tap;
}

type Stage = { readonly screen: Screen; readonly signal: AbortSignal };

/** Nobody has linked the machine yet: it is told to boot from its own disk. Returns its address. */
async function firstBoot(tap: Tap, screen: Screen, signal: AbortSignal): Promise<Ipv4 | undefined> {
  screen.say('demo', `node1 (${MAC}) is switched on; only pxelinux.cfg/default is there for it`);
  const verdict = await walk(tap, { screen, signal });
  if (verdict.ended !== 'local-boot' || !verdict.lease) return giveUp(screen, verdict);
  screen.say('demo', `node1 has ${formatIpv4(verdict.lease.ip)} and boots from its own disk`);
  return verdict.lease.ip;
}

async function secondBootBuiltIn(tap: Tap, link: string, stage: Stage): Promise<boolean> {
  const verdict = await walk(tap, stage);
  const want = `pxelinux.cfg/${link}`;
  if (verdict.ended !== 'kernel' || verdict.config !== want) {
    giveUp(stage.screen, verdict);
    return false;
  }
  stage.screen.say('demo', `node1 booted from ${want}: kernel and initrd are loaded`);
  return true;
}

async function secondBootReal(tap: Tap, parts: RealParts, { screen, signal }: Stage): Promise<boolean> {
  screen.say('demo', 'node1 is a real machine from here on: QEMU, its network card’s ROM, PXELINUX, Linux');
  const since = performance.now();
  const machine = { parts, mac: MAC, uuid: UUID, tapFd: tap.fd };
  const quiet = answerSolicitations(await loadNetwork(), INTERFACE);
  const result = await bootRealMachine(machine, { signal, onLine: (line) => screen.say('node1', line) });
  quiet();
  const took = ((performance.now() - since) / 1000).toFixed(1);
  screen.say('demo', result.ok ? `node1 booted over the network in ${took} s` : `node1: ${result.detail}`);
  return result.ok;
}

function walk(tap: Tap, { screen, signal }: Stage): Promise<Verdict> {
  const rom: RomIdentity = {
    mac: MAC,
    uuid: UUID_ON_WIRE,
    broadcast: false,
    xid: Math.floor(Math.random() * 2 ** 32),
  };
  const onStep = (step: Step) => screen.say('node1', describeStep(step));
  return runWalk(tap, rom, { now: () => performance.now(), onStep, signal });
}

function describeStep({ step, ok, detail, tookMs }: Step): string {
  return `${ok ? ' ok ' : 'FAIL'} ${step.padEnd(13)} ${tookMs.toFixed(0).padStart(5)} ms  ${detail}`;
}

function giveUp(screen: Screen, verdict: Verdict): undefined {
  const last = verdict.steps.at(-1);
  screen.say(
    'demo',
    `node1 did not boot: ${last ? `${last.step}: ${last.detail}` : 'it did not even begin'}`,
  );
  return undefined;
}

/** The promise's value, or the signal's reason thrown as soon as it is aborted. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
