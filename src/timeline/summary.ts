import type { ClientFacts } from '../events/event.ts';
import type { Mac } from '../lib/mac.ts';
import type { Boot } from './boot.ts';
import { archNamed } from './case.ts';
import { explainView, progressLine } from './explain.ts';
import { type Explanation, type Facts, NO_FACTS } from './explanation.ts';
import type { MachineRecord } from './ledger.ts';
import { type BootView, viewOf } from './view.ts';
import { isGood, textOf } from './words.ts';

/** How far a machine is, for lists and live views. */
export type MachineStage =
  | 'address'
  | 'loader'
  | 'config'
  | 'kernel'
  | 'initrd'
  | 'system'
  | 'done'
  | 'failed'
  /** No boot: files were fetched by hand. */
  | 'files';

/** A machine and its last boot, in a line. Times are ms since 1970. */
export type MachineSummary = {
  readonly id: string;
  readonly mac?: Mac;
  readonly ip?: string;
  readonly uuid?: string;
  readonly arch?: string;
  readonly hostname?: string;
  /** In words: `BIOS`, `UEFI`, `UEFI HTTP`, `U-Boot`, `Raspberry Pi`. */
  readonly firmware?: string;
  readonly profile?: string;
  readonly stage: MachineStage;
  readonly stageText: string;
  /** When its last boot began, and when it was last heard of. */
  readonly since: number;
  readonly lastSeen: number;
  /** Octets of this boot that arrived, and of all that it asked for, as far as that is known. */
  readonly bytes: number;
  readonly totalBytes?: number;
  readonly failure?: string;
  /** Boots that are remembered. */
  readonly boots: number;
};

/** One line of a timeline. */
export type StoryStep = {
  readonly at: number;
  readonly tookMs?: number;
  readonly what: string;
  readonly text: string;
  /** undefined: neither good nor bad. */
  readonly ok?: boolean;
  readonly detail?: string;
};

/** An earlier boot, in a line. */
export type EarlierBoot = {
  readonly began: number;
  readonly ended: number;
  readonly stage: MachineStage;
  readonly text: string;
};

export type MachineStory = MachineSummary & {
  readonly steps: readonly StoryStep[];
  /** Steps that there was no room for. */
  readonly left: number;
  readonly explanation: Explanation;
  /** The newest first. */
  readonly earlier: readonly EarlierBoot[];
};

/** What others know of a machine, and its boots in the store. */
export type Besides = { readonly hostname?: string | undefined; readonly boots?: number };

type Known = Pick<MachineRecord, 'id' | 'mac' | 'ip' | 'uuid' | 'arch' | 'kind'>;

/** A machine's last boot, as it looks at `now`. */
export function summaryOf(machine: Known, boot: Boot, now: number, besides: Besides = {}): MachineSummary {
  const view = viewOf(boot);
  const explanation = explainView(view, machine, { facts: NO_FACTS, now });
  return summarise(machine, { view, explanation }, besides);
}

/** The same with every step, and explained by all facts that there are. */
export function storyOf(
  machine: Known,
  boot: Boot,
  about: {
    readonly now: number;
    readonly facts: Facts;
    readonly besides?: Besides;
    readonly earlier?: readonly EarlierBoot[];
  },
): MachineStory {
  const view = viewOf(boot);
  const explanation = explainView(view, machine, about);
  const { earlier = [] } = about;
  return {
    ...summarise(machine, { view, explanation }, about.besides ?? {}),
    steps: boot.marks.map(stepOf),
    left: boot.left,
    explanation: withEarlier(explanation, earlier[0]),
    earlier,
  };
}

/** Of a machine that boots again and again, somebody asks while it boots once more. */
function withEarlier(explanation: Explanation, before: EarlierBoot | undefined): Explanation {
  if (explanation.verdict !== 'booting' || before?.stage !== 'failed') return explanation;
  const text = `the time before, it ${before.text}`;
  return {
    ...explanation,
    reasons: [...explanation.reasons, { code: 'failed-before', text, certainty: 'sure' }],
  };
}

/** A boot that is over, in a line. */
export function earlierOf(machine: Known, boot: Boot): EarlierBoot {
  const { stage, stageText } = summaryOf(machine, boot, boot.last + LONG_AFTER_MS);
  return { began: boot.began, ended: boot.last, stage, text: stageText };
}

/** Whatever was still to come did not come. */
const LONG_AFTER_MS = 3_600_000;

function stepOf(mark: Boot['marks'][number]): StoryStep {
  const ok = isGood(mark);
  const { at, what, tookMs, detail } = mark;
  return {
    ...{ at, what, text: textOf(mark) },
    ...(tookMs !== undefined && { tookMs }),
    ...(ok !== undefined && { ok }),
    ...(detail !== undefined && { detail }),
  };
}

function summarise(
  { id, mac, ip, uuid, arch, kind }: Known,
  { view, explanation }: { readonly view: BootView; readonly explanation: Explanation },
  { hostname, boots = 1 }: Besides,
): MachineSummary {
  const { verdict, headline } = explanation;
  const firmware = firmwareOf(arch, kind, view);
  return {
    id,
    ...(mac !== undefined && { mac }),
    ...(ip !== undefined && { ip }),
    ...(uuid !== undefined && { uuid }),
    ...(arch !== undefined && { arch }),
    ...(hostname !== undefined && { hostname }),
    ...(firmware !== undefined && { firmware }),
    ...(view.profile !== undefined && { profile: view.profile }),
    stage: stageOf(view, verdict),
    stageText: verdict === 'booting' ? progressLine(view) : headline,
    since: view.began,
    lastSeen: view.last,
    bytes: view.bytes,
    ...(view.totalBytes > 0 && { totalBytes: view.totalBytes }),
    ...(verdict === 'failed' && { failure: headline }),
    boots,
  };
}

function stageOf({ reached }: BootView, verdict: Explanation['verdict']): MachineStage {
  if (verdict === 'failed' || verdict === 'files') return verdict;
  return verdict === 'booted' && reached !== 'system' ? 'done' : reached;
}

function firmwareOf(
  name: string | undefined,
  kind: ClientFacts['kind'],
  { openings }: BootView,
): string | undefined {
  if (kind === 'raspberry-pi') return 'Raspberry Pi';
  if (kind === 'u-boot') return 'U-Boot';
  const arch = archNamed(name);
  if (!arch) return openings.includes('bootp') ? 'BOOTP' : undefined;
  const http = kind === 'http' || arch.http ? ' HTTP' : '';
  const words = { bios: 'BIOS', efi: 'UEFI', 'u-boot': 'U-Boot', other: arch.name }[arch.firmware];
  return words + http;
}
