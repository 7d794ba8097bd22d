/**
 * What people call a process: its name of proc(5), unless that is Node's own, which all programs of Node share; then the
 * program's, `pxed` of `node /usr/bin/pxed eth0`.
 *
 * @param comm `/proc/<pid>/comm`
 * @param cmdline `/proc/<pid>/cmdline`: words with a NUL behind each
 */
export function processName(comm: string, cmdline: string): string {
  const name = comm.trim();
  if (!/^node(-MainThread)?$/.test(name)) return name;
  const script = cmdline.split('\0').find((word, index) => index > 0 && word !== '' && !word.startsWith('-'));
  const program = script
    ?.split('/')
    .at(-1)
    ?.replace(/\.[cm]?[jt]s$/, '');
  return program || name;
}
