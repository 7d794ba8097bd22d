import { Command } from 'commander';
import type { Tool } from '../app/setup.ts';
import { ADDRESSING, COMMON, DHCP, HTTP, rfc1350Option, TFTP, wholeNumber } from './arguments.ts';

/** The four commands: what they are, take and print with --help. */
export function toolCommand(tool: Tool, version: string): Command {
  const command = new Command(tool)
    .version(version, '-V, --version')
    .helpOption('--help', 'show this help')
    .allowExcessArguments(false)
    .showHelpAfterError(`(${tool} --help shows how it is used)`);
  TOOLS[tool](command);
  for (const option of COMMON) command.addOption(option);
  return command;
}

const INTERFACE = 'network interface whose machines boot; several: eth0,eth1';
const BOOT_FILE = 'boot file for BIOS machines, relative to the TFTP root';

const TOOLS: Record<Tool, (command: Command) => void> = {
  pxed(command) {
    command
      .description('PXE boot appliance: DHCP, BOOTP, TFTP and HTTP in one process')
      .argument('[interface]', INTERFACE)
      .argument('[root]', 'folder served by TFTP and HTTP')
      .argument('[boot-file]', BOOT_FILE)
      .addOption(rfc1350Option(true));
    for (const option of [...ADDRESSING, ...DHCP, ...TFTP, ...HTTP]) command.addOption(option);
    command.option('--bootp', 'give addresses to unknown BOOTP clients too, for ever');
    command.addHelpText('after', example('pxed eth0 /tftp pxelinux.0'));
  },
  bootpd(command) {
    command
      .description('BOOTP server (RFC 951, 1497, 1542); needs a TFTP server beside it')
      .argument('[interface]', INTERFACE)
      .argument('[boot-file]', BOOT_FILE)
      .addOption(rfc1350Option(false));
    for (const option of ADDRESSING) command.addOption(option);
    command.addHelpText('after', example('bootpd eth0 pxelinux.0'));
  },
  dhcpd(command) {
    command
      .description('DHCP server for machines that boot over the network; needs a TFTP server beside it')
      .argument('[interface]', INTERFACE)
      .argument('[boot-file]', BOOT_FILE)
      .addOption(rfc1350Option(false));
    for (const option of [...ADDRESSING, ...DHCP]) command.addOption(option);
    command.addHelpText('after', example('dhcpd eth0 pxelinux.0'));
  },
  ptftpd(command) {
    command
      .description('TFTP server (RFC 1350, 2347, 2348, 2349, 7440)')
      .argument(
        '[interface]',
        'network interface to serve on, or several: eth0,eth1; all when only the root is given',
      )
      .argument('[root]', 'folder to serve')
      .addOption(rfc1350Option(true));
    for (const option of TFTP) command.addOption(option);
    command.option('-p, --port <port>', 'port to listen on (default: 69)', wholeNumber(0, 65_535));
    command.addHelpText('after', `${example('ptftpd eth0 /tftp')}           ptftpd -p 6969 /var/lib/tftp\n`);
  },
};

function example(line: string): string {
  return `\nExample:   ${line}\n`;
}
