import type { Config } from '../config/schema.ts';
import { DEFAULT_TFTP_SETTINGS, type TftpSettings } from '../server/tftp/settings.ts';

/** What the TFTP server is told, from the configuration. `root` is absolute: {@link checkRoot} made it so. */
export function tftpSettingsOf(tftp: Config['tftp'], root: string): TftpSettings {
  return {
    ...DEFAULT_TFTP_SETTINGS,
    root,
    writes: tftp.writes,
    uploadMaxBytes: tftp['upload-max'],
    blksizeMax: tftp['blksize-max'],
    windowsizeMax: tftp['windowsize-max'],
    maxTransfers: tftp['max-transfers'],
    rollover: tftp.rollover === 'forbid' ? 'forbidden' : tftp.rollover,
    ignoreCase: tftp['ignore-case'],
    rfc1350: tftp.rfc1350,
  };
}
