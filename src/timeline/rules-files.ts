/** Rules about configurations, kernels and initrds, and about any file that does not arrive. */
import { own } from '../lib/own.ts';
import { formatBytes } from '../lib/size.ts';
import { type Case, isComplete, isEnd, meant, type Rule, some } from './case.ts';
import { type BootedFile, bareName, filesOf } from './view.ts';

const REFUSED_MS = 3_000;
const SILENT_MS = 60_000;

/** Firmware that takes octets behind the name (option 67 without NUL) for a part of it. */
const oddName: Rule = ({ view }) => {
  const found = view.files.find(
    ({ state, file, mark }) => state === 'refused' && /[ÿ\ufffd]$/.test(file) && isEnd(view, mark.at),
  );
  if (!found) return undefined;
  return {
    code: 'octets-behind-name',
    text: `it asks for ${found.file}: its firmware takes what stands behind the boot file's name for a part of it`,
    fix: 'give it the name in the header alone: quirks: file-in-header in its host or rule',
    certainty: 'sure',
    fatalMs: REFUSED_MS,
  };
};

const unreadable: Rule = ({ view, facts }) => {
  const found = view.files.find(
    ({ file, state, mark }) =>
      state === 'refused' && (mark.why === 'access' || facts.file(file)?.unreadable) && isEnd(view, mark.at),
  );
  if (!found) return undefined;
  const who = facts.user === undefined ? 'pxed' : `${facts.user}, whom pxed runs as,`;
  return {
    code: 'unreadable',
    text: `${found.file} is there, and ${who} may not read it`,
    fix: `chmod a+r ${found.file}, and a+x for the folders above it; or label it for SELinux`,
    certainty: 'sure',
    fatalMs: REFUSED_MS,
  };
};

/** A configuration of its own that leads nowhere: loaders pass over it, and nothing tells. */
const danglingConfig: Rule = ({ view, facts }) => {
  for (const name of new Set(view.tried)) {
    const link = facts.file(name)?.link;
    if (!link) continue;
    const lost =
      link.why === 'dangling' ? 'which does not exist' : 'outside of the root, which is not served';
    const instead = view.config?.file;
    return {
      code: link.why === 'dangling' ? 'dangling-link' : 'outside-link',
      text: `${name} is a link to ${link.target}, ${lost}${instead === undefined ? '' : `; ${instead} stood in for it`}`,
      fix:
        link.why === 'dangling'
          ? `lead it to a file that is there (ln -sfn), or remove it`
          : 'put a copy there instead of the link',
      certainty: 'sure',
      note: true,
      ...(view.config === undefined && { fatalMs: REFUSED_MS }),
    };
  }
  return undefined;
};

const danglingFile: Rule = ({ view, facts }) => {
  const found = view.files.find(
    ({ file, state, mark }) => state === 'refused' && facts.file(file)?.link && isEnd(view, mark.at),
  );
  const link = found && facts.file(found.file)?.link;
  if (!link) return undefined;
  const lost = link.why === 'dangling' ? 'which does not exist' : 'outside of the root, which is not served';
  return {
    code: link.why === 'dangling' ? 'dangling-link' : 'outside-link',
    text: `${found.file} is a link to ${link.target}, ${lost}`,
    fix:
      link.why === 'dangling'
        ? 'lead it to a file that is there (ln -sfn)'
        : 'put a copy there instead of the link',
    certainty: 'sure',
    fatalMs: REFUSED_MS,
  };
};

const noConfig: Rule = ({ view }) => {
  if (view.config) return undefined;
  const asked = view.noConfig ? view.tried : view.tried.filter(isLastOfSearch);
  if (asked.length === 0) return undefined;
  return {
    code: 'no-config',
    text: `it found no configuration; it asked for ${some(view.tried)}`,
    fix: 'write one (pxelinux.cfg/default, grub/grub.cfg), or profiles in the configuration of pxed',
    certainty: 'sure',
    fatalMs: REFUSED_MS,
  };
};

/** By HTTP nobody tells how a search ended. */
function isLastOfSearch(name: string): boolean {
  return /(^|\/)(pxelinux\.cfg\/default|grub\.cfg)$/i.test(name);
}

const missingFile: Rule = ({ view, facts }) => {
  const found = view.files.find(
    ({ state, role, mark }) =>
      state === 'refused' &&
      mark.why === 'not-found' &&
      !mark.optional &&
      (role === 'payload' || role === 'config') &&
      isEnd(view, mark.at),
  );
  if (!found) return undefined;
  const file = bareName(view, found.file);
  const bare = view.files.find((each) => each.file === file);
  // What is there and is not had, or leads nowhere, is told by another rule.
  if (facts.file(file)?.link || (bare && bare.mark.why !== 'not-found')) return undefined;
  const outside = found.mark.detail === 'outside the root';
  const near = facts.file(file)?.near;
  return {
    code: outside ? 'outside-link' : 'missing-file',
    text: outside
      ? `it asks for ${file}, which leads out of the root: that is not served`
      : `it asks for ${file}, which is not in the root${meant(near)}`,
    fix: outside
      ? 'put a copy there instead of the link'
      : `put it there${view.config?.file === undefined ? '' : `, or correct the name in ${view.config.file}`}`,
    certainty: 'sure',
    fatalMs: REFUSED_MS,
  };
};

/** What else requests are refused for, in words. */
const REFUSALS: Readonly<Record<string, readonly [string, string]>> = {
  busy: ['all places for transfers were taken', 'raise tftp.max-transfers'],
  'client-limit': [
    'this address has as many transfers as one may have',
    'raise tftp.max-transfers-per-client',
  ],
  'gave-way': ['it was not heard from while all places were taken', 'raise tftp.max-transfers'],
  'too-many-files': ['too many files are open', 'raise the limit of open files (LimitNOFILE)'],
  'read-error': ['the file system cannot read it', 'look at the disk and at the log of the system'],
};

const refusedOtherwise: Rule = ({ view }) => {
  const found = view.files.find(
    ({ state, mark }) =>
      state === 'refused' &&
      !mark.optional &&
      mark.why !== 'not-found' &&
      mark.why !== 'access' &&
      isEnd(view, mark.at),
  );
  if (!found) return undefined;
  const why = found.mark.why ?? '';
  const [words, fix] = own(REFUSALS, why) ?? [why, undefined];
  const detail = found.mark.detail === undefined ? '' : ` (${found.mark.detail})`;
  return {
    ...{ code: `refused-${why}`, text: `it cannot have ${found.file}: ${words}${detail}` },
    ...(fix !== undefined && { fix }),
    ...{ certainty: 'sure', fatalMs: REFUSED_MS },
  };
};

/** UDP payload of an Ethernet frame without VLAN or tunnel, less TFTP's header. */
const WHOLE_FRAME = 1468;

/** Nothing of a file came through although it was asked for: large datagrams get lost, small ones do not. */
const tooLarge: Rule = ({ view, facts }) => {
  const found = lost(view).find((file) => gotNothing(file, view));
  const blksize = found?.mark.blksize ?? 0;
  if (!found) return undefined;
  const mtu = facts.mtu === undefined ? '' : ` (the MTU here is ${facts.mtu})`;
  return {
    code: 'mtu',
    text: `not one block of ${found.file} arrived, in blocks of ${blksize} octets: a network on the way takes no packets of that size${mtu}`,
    fix: 'give that network smaller blocks: tftp.blksize-max: 1024; look at the MTU of tunnels and VLANs on the way',
    certainty: blksize >= WHOLE_FRAME - 60 ? 'likely' : 'possible',
    fatalMs: 0,
  };
};

/** It took the answer to its options, and not one block that is larger; nor did a whole block of that size ever arrive before. */
function gotNothing({ mark }: BootedFile, view: Case['view']): boolean {
  const { blksize = 0 } = mark;
  if (mark.by !== 'tftp' || mark.why !== 'timeout' || (mark.bytes ?? 0) > 0 || blksize <= 512) return false;
  return !view.files.some(
    ({ mark: other }) => (other.blksize ?? 0) >= blksize && (other.bytes ?? 0) >= (other.blksize ?? 0),
  );
}

const cutOff: Rule = ({ view }) => {
  const found = lost(view).at(-1);
  if (!found || gotNothing(found, view)) return undefined;
  const { mark, file } = found;
  const of = mark.size === undefined ? '' : ` of ${formatBytes(mark.size)}`;
  const got = `${formatBytes(mark.bytes ?? 0)}${of}`;
  if (mark.why === 'peer-error') {
    return {
      code: 'stopped-by-machine',
      text: `it stopped fetching ${file} after ${got}: ${mark.detail ?? 'it said ERROR'}`,
      fix: 'look at its screen: it may have no room for the file, or not like what it got',
      certainty: 'sure',
      fatalMs: REFUSED_MS,
    };
  }
  if (mark.why === 'read-error' || mark.why === 'cut-short' || mark.why === 'changed') {
    const text = `${file} could not be read to its end (${got}): it was changed or cut short meanwhile`;
    return {
      code: 'file-changed',
      text,
      fix: 'copy files anew and rename them into place',
      certainty: 'sure',
      fatalMs: REFUSED_MS,
    };
  }
  if (mark.why === 'shutdown') {
    return {
      code: 'pxed-stopped',
      text: `pxed was stopped while it sent ${file}`,
      certainty: 'sure',
      fatalMs: REFUSED_MS,
    };
  }
  return {
    code: 'cut-off',
    text: `${file} broke off after ${got}: the machine was not heard of any more`,
    fix: 'look at power, cable and switch port; a machine that was reset starts over by itself',
    certainty: 'sure',
    fatalMs: 0,
  };
};

/** Files that did not arrive, and were not asked for again. */
function lost(view: Case['view']): readonly BootedFile[] {
  return view.files.filter(
    ({ state, mark, role }) =>
      state === 'failed' && mark.why !== 'superseded' && (role !== 'companion' || isEnd(view, mark.at)),
  );
}

const loop: Rule = ({ view }) => {
  const mark = view.loop;
  if (!mark || isComplete(view) || !isEnd(view, mark.at)) return undefined;
  const times = mark.detail === undefined ? 'again and again' : `${mark.detail} times`;
  return {
    code: 'loop',
    text: `it fetched ${mark.file} ${times} and never got further: its ${own(WORDS, mark.why ?? '') ?? 'next step'} never came`,
    certainty: 'likely',
    fatalMs: 0,
  };
};

const WORDS: Readonly<Record<string, string>> = {
  'second-stage': 'second stage',
  config: 'configuration',
  kernel: 'kernel',
  initrd: 'initrd',
};

/** Configured, and it asks for nothing: a menu, its own disk, a mistake in the text. */
const waits: Rule = ({ view, quietMs }) => {
  if (!view.config || view.local || filesOf(view, 'payload').length > 0 || quietMs < SILENT_MS)
    return undefined;
  return {
    code: 'waits',
    text: `it has its configuration, ${view.config.file}, and has asked for nothing since: it shows a menu, starts its disk, or finds a mistake in it`,
    fix: 'look at its screen; give the menu a timeout and a default',
    certainty: 'possible',
  };
};

const halfInstalled: Rule = ({ view }) => {
  const mark = view.marks.find(({ what }) => what === 'boots-again');
  if (!mark) return undefined;
  const text = `it had begun profile ${mark.detail} before and boots again: its files are counted anew`;
  return { code: 'boots-again', text, certainty: 'possible', note: true };
};

/** In the order in which they explain. */
export const FILE_RULES: readonly Rule[] = [
  oddName,
  unreadable,
  danglingConfig,
  danglingFile,
  noConfig,
  missingFile,
  refusedOtherwise,
  tooLarge,
  cutOff,
  loop,
  waits,
  halfInstalled,
];
