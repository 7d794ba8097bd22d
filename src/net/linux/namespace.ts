import { getSystemErrorMessage } from 'node:util';
import koffi from 'koffi';

const unshare = koffi.load(null).func('int unshare(int flags)');
const CLONE_NEWNET = 0x40000000;

/**
 * Moves the calling thread into a new, empty network namespace; needs CAP_SYS_ADMIN.
 *
 * A namespace belongs to a thread: sockets and TAP devices opened by this thread, and processes started by it, are
 * inside; worker threads that already run are not. The namespace goes when its last process or socket does.
 * Returns undefined, or why it was refused.
 */
export function enterNewNetwork(): string | undefined {
  if (Number(unshare(CLONE_NEWNET)) === 0) return undefined;
  return getSystemErrorMessage(-koffi.errno());
}
