import { readFileSync } from 'node:fs';
import { StartProblem } from './start-problem.ts';

/** Who the process becomes once its sockets are open. */
export type RunAs = {
  readonly user: string;
  readonly uid: number;
  readonly group: string;
  readonly gid: number;
};

export type Wanted = { readonly user?: string | undefined; readonly group?: string | undefined };

/** Reads `/etc/passwd` and `/etc/group`; replaced in tests. */
export type Accounts = { readonly passwd: string; readonly group: string };

/**
 * Finds the accounts: the ones named; else user `pxed` if there is one, else `nobody`. The group is the user's own
 * unless named. Throws {@link StartProblem} for a name or number that is no account.
 */
export function resolveRunAs(wanted: Wanted, accounts: Accounts = readAccounts()): RunAs {
  const users = rows(accounts.passwd).map(([name, , uid, gid]) => ({
    name: name!,
    uid: Number(uid),
    gid: Number(gid),
  }));
  const groups = rows(accounts.group).map(([name, , gid]) => ({ name: name!, gid: Number(gid) }));
  const find = (name: string) => users.find((each) => each.name === name || String(each.uid) === name);
  const user = wanted.user === undefined ? (find('pxed') ?? find('nobody')) : find(wanted.user);
  if (!user) throw noAccount('user', wanted.user ?? 'nobody');
  const group =
    wanted.group === undefined
      ? groups.find((each) => each.gid === user.gid)
      : groups.find((each) => each.name === wanted.group || String(each.gid) === wanted.group);
  if (!group && wanted.group !== undefined) throw noAccount('group', wanted.group);
  return {
    user: user.name,
    uid: user.uid,
    group: group?.name ?? String(user.gid),
    gid: group?.gid ?? user.gid,
  };
}

function noAccount(kind: 'user' | 'group', name: string): StartProblem {
  return new StartProblem(
    `Cannot run as ${kind} ${name}: there is none`,
    `Name another with --${kind}, or add it`,
  );
}

function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

function readAccounts(): Accounts {
  return { passwd: readFileSync('/etc/passwd', 'utf8'), group: readFileSync('/etc/group', 'utf8') };
}
