import { type Finding, good, unknown, warning } from './finding.ts';
import type { Look } from './look.ts';
import type { Patient } from './patient.ts';

/** Types that servers of files may read by the policies of Fedora and RHEL. */
const READABLE: ReadonlySet<string> = new Set([
  ...['tftpdir_t', 'tftpdir_rw_t', 'public_content_t', 'public_content_rw_t'],
  ...['httpd_sys_content_t', 'usr_t', 'var_t'],
]);
const WRITABLE: ReadonlySet<string> = new Set(['tftpdir_rw_t', 'public_content_rw_t']);

/** Labels of the boot root, where SELinux is enforcing. Nothing is said where it is not there. */
export async function checkSelinux(
  { root, config }: Patient,
  { text, run }: Pick<Look, 'text' | 'run'>,
): Promise<Finding[]> {
  const enforce = text('/sys/fs/selinux/enforce')?.trim();
  if (enforce === undefined || root === undefined) return [];
  if (enforce !== '1') return [good('selinux', 'SELinux is permissive')];
  const ran = await run('stat', ['-c', '%C', root]);
  const type = ran?.out.trim().split(':')[2];
  if (ran?.status !== 0 || type === undefined) {
    return [
      unknown('selinux', `SELinux is enforcing, and the label of ${root} cannot be read`, `ls -Zd ${root}`),
    ];
  }
  const writes = config.tftp.writes !== 'off';
  if ((writes ? WRITABLE : READABLE).has(type))
    return [good('selinux', `SELinux is enforcing, and ${root} is ${type}`)];
  const wanted = writes ? 'tftpdir_rw_t' : 'tftpdir_t';
  const told = `SELinux is enforcing, and ${root} is ${type}: a confined pxed may not ${writes ? 'write there' : 'read it'}`;
  const fix = `semanage fcontext -a -t ${wanted} '${root}(/.*)?' && restorecon -R ${root}`;
  return [warning('selinux', told, fix)];
}
