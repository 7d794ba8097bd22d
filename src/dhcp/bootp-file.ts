import type { BootDecision, FileExists } from '../boot/settings.ts';
import { bootOf } from './admit.ts';
import type { ClientTerms } from './terms.ts';
import type { Turn } from './turn.ts';

/**
 * Which file a BOOTP client gets, undefined for none of ours: some other server may have it (RFC 951 §7.3).
 *
 * | its entry has | the client asks for | gets |
 * |---|---|---|
 * | a file | anything | that file |
 * | a home folder | a relative name | that file of the folder, if it is there |
 * | - | nothing | what everybody gets |
 * | - | a name we have, in full or as the generic name of our boot file (`pxelinux` for `boot/pxelinux.0`) | that file |
 *
 * Where there is a file of that name with the host's name behind a dot, that one (CMU's bootpd; RFC 951 §9's suffix).
 */
export function bootpFile(turn: Turn, terms: ClientTerms): BootDecision | undefined {
  const { exists } = turn.context;
  const { reservation } = terms;
  const suffix = reservation?.bootp?.suffix;
  const decision = chosen(turn, terms);
  if (decision?.file === undefined || suffix === undefined) return decision;
  const own = `${decision.file}.${suffix}`;
  return has(exists, own) ? { ...decision, file: own } : decision;
}

function chosen(turn: Turn, terms: ClientTerms): BootDecision | undefined {
  const { reservation, ruleFile } = terms;
  const { file: asked } = turn.request.packet;
  const isGiven = reservation?.file !== undefined || ruleFile !== undefined;
  const home = reservation?.bootp?.home;
  if (!isGiven && home !== undefined && asked !== '' && !asked.startsWith('/'))
    return atHome(turn, terms, home);
  const boot = bootOf(turn, terms);
  const name = asked.replace(/^\/+/, '');
  if (name === '' || isGiven || boot?.file === name) return boot;
  const base = boot?.file?.slice(boot.file.lastIndexOf('/') + 1);
  return name === base || name === base?.replace(/\.[^.]*$/, '') ? boot : undefined;
}

function atHome(turn: Turn, { reservation }: ClientTerms, home: string): BootDecision | undefined {
  const { exists } = turn.context;
  const { file } = turn.request.packet;
  if (file.split('/').includes('..')) return undefined;
  const path = `${home}/${file}`;
  const suffix = reservation?.bootp?.suffix;
  const isThere = has(exists, path) || (suffix !== undefined && has(exists, `${path}.${suffix}`));
  // Where the files are another machine's, it is the one to know.
  if (!isThere && exists !== undefined) return undefined;
  const reason = 'the file it asks for, of its home folder';
  return { file: path, reason, trace: [reason] };
}

function has(exists: FileExists | undefined, path: string): boolean {
  return exists?.(path.replace(/^\/+/, '')) === true;
}
