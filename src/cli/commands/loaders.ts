import { Command } from 'commander';
import { type LoadersQuestion, reportLoaders } from '../../app/loaders-report.ts';

/** `pxectl loaders install <root>`: hands its exit code to `end`. */
export function loadersCommand(end: (code: number) => void): Command {
  const install = new Command('install')
    .description('copy boot loaders from where the system’s packages have them into a boot root')
    .argument('<root>', 'folder that is served')
    .option(
      '--arch <names>',
      'machines, by name or number of option 93: x86PC, x86-64_EFI (both are the default), IA32_EFI, ARM64_EFI',
    )
    .option('--only <loaders>', 'of pxelinux, syslinux, ipxe, grub, shim; all are the default')
    .option('--force', 'replace files that are not the same')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExit code: 0 = all are there now, 1 = one is missing, was kept or failed, 2 = usage' +
        '\n\nExample:   pxectl loaders install /tftp --only pxelinux\n',
    )
    .action(async (root: string, options: Omit<LoadersQuestion, 'root'>) => {
      const { stdout: out, stderr: err } = process;
      end(await reportLoaders({ ...options, root }, { out, err }));
    });
  return new Command('loaders').description('boot loaders of the system’s packages').addCommand(install);
}
