import { PTFTP_OPTIONS } from './ptftp-options.ts';

/** What `ptftp --help` prints. */
export function ptftpHelp(): string {
  const flags = PTFTP_OPTIONS.map(({ long, short, value }) =>
    `  ${short === undefined ? '   ' : `-${short},`} --${long}${value === undefined ? '' : ` <${value}>`}`.trimEnd(),
  );
  const width = Math.max(...flags.map((each) => each.length)) + 2;
  const options = PTFTP_OPTIONS.map(({ text }, i) => `${flags[i]!.padEnd(width)}${text}`);
  return `Usage: ptftp [options] [host[:port]]
       ptftp [options] host[:port] get FILE [LOCAL]
       ptftp [options] host[:port] put LOCAL [FILE]
       ptftp [options] tftp://host[:port]/FILE [LOCAL]
       ptftp [options] put LOCAL tftp://host[:port]/FILE
       ptftp [options] host -c get FILE [LOCAL]

TFTP client (RFC 1350, 2347 to 2349, 7440). Without get and put it reads commands.
LOCAL is - for standard input or output. A file appears when it is complete; one that
exists is replaced with --force only.

Options:
${options.join('\n')}

Exit code: 0 = done, 1 = transfer failed, 2 = usage, 3 = local file, 4 = not what --verify says,
130 = interrupted

Example: ptftp 192.168.77.1 get pxelinux.0
`;
}
