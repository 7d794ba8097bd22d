import type { Account, NetError, Outcome } from '../datagram.ts';
import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import * as s from './structs.ts';

/** linux/capability.h, in the order of their numbers. */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** struct __user_cap_header_struct { u32 version; int pid }, then two of { u32 effective, permitted, inheritable }. */
const HEADER = 0;
const DATA = 16;

/** The calling thread's effective capabilities, `CAP_NET_RAW`…: what an error message may say is missing. */
export function effectiveCapabilities(): readonly string[] {
  const arena = new Arena(64);
  arena.setInt(HEADER, s.LINUX_CAPABILITY_VERSION_3);
  if (c.syscall(s.SYS_CAPGET, arena.pointer(HEADER), arena.pointer(DATA), 0, 0) < 0) return [];
  const words = [arena.getInt(DATA), arena.getInt(DATA + 12)];
  return NAMES.filter((_, bit) => (words[bit >>> 5]! >>> (bit & 31)) & 1).map((name) => `CAP_${name}`);
}

/**
 * Keeps nothing of root: becomes `account` (when we are root), empties every capability set and forbids to gain any by exec.
 *
 * The C library changes the ids of all threads. Capabilities and no-new-privileges are those of the calling thread and
 * of the threads it starts afterwards, so call this in the main thread before any worker; Node's own threads, which run
 * no code of ours, lose theirs with the ids when root is given up.
 */
export function giveUpPrivileges(account: Account | undefined): Outcome<undefined> {
  const error =
    check('prctl PR_SET_NO_NEW_PRIVS', c.prctl(s.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) ??
    dropBoundingSet() ??
    (account && becomeUser(account)) ??
    clearCapabilities();
  return error ? { ok: false, error } : { ok: true, value: undefined };
}

/** Nothing that we exec can have them either. Without CAP_SETPCAP there is nobody to give them to. */
function dropBoundingSet(): NetError | undefined {
  if (!effectiveCapabilities().includes('CAP_SETPCAP')) return undefined;
  for (let bit = 0; bit < 64; bit++) {
    // EINVAL: past the last capability of this kernel.
    if (c.prctl(s.PR_CAPBSET_DROP, bit, 0, 0, 0) < 0) break;
  }
  return undefined;
}

function becomeUser({ uid, gid }: Account): NetError | undefined {
  const arena = new Arena(64);
  arena.setInt(0, gid);
  return (
    check('setgroups', c.setgroups(1, arena.pointer(0))) ??
    check('setresgid', c.setresgid(gid, gid, gid)) ??
    check('setresuid', c.setresuid(uid, uid, uid))
  );
}

function clearCapabilities(): NetError | undefined {
  const arena = new Arena(64);
  arena.setInt(HEADER, s.LINUX_CAPABILITY_VERSION_3);
  c.prctl(s.PR_CAP_AMBIENT, s.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return check('capset', c.syscall(s.SYS_CAPSET, arena.pointer(HEADER), arena.pointer(DATA), 0, 0));
}

function check(operation: string, result: number): NetError | undefined {
  return result < 0 ? { operation, errno: c.errnoName(c.lastErrno()) } : undefined;
}
