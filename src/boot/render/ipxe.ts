import { isIpxeBinary } from '../policy.ts';
import type { TemplateValues } from '../template.ts';
import type { BootEntry, BootList } from './boot-list.ts';
import { oneLine } from './boot-list.ts';

const COMMAND_ENDS: ReadonlySet<string> = new Set(['||', '&&', ';']);

/** iPXE reads the serial number of its machine (SMBIOS); as a part of a URL, so that a blank in it ends no argument. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a setting of iPXE
export const ITS_SERIAL = '${serial:uristring}';

export type IpxePlace = {
  readonly values: TemplateValues;
  /** The script runs before iPXE has an address (autoexec.ipxe). */
  readonly early: boolean;
};

/**
 * A script of iPXE (ipxe.org/cmd). Files are named by their path on the server, so that they come by the protocol that the
 * script came by; a script that iPXE found by itself has no such server yet and gets whole URLs.
 *
 * iPXE knows no quotes (core/exec.c): words end at blanks, `${…}` is replaced wherever it stands, `||`, `&&` and `;` between
 * blanks end a command, and a word that begins with `#` is a comment. The configuration refuses these; what came here all
 * the same is taken out.
 */
export function renderIpxe({ menu, entries, defaultLabel }: BootList, place: IpxePlace): string {
  const lines = ['#!ipxe', ...(place.early ? ['dhcp'] : [])];
  if (!menu) return script([...lines, ...entries.slice(0, 1).flatMap((entry) => entryLines(entry, place))]);
  lines.push(':menu', `menu ${plain(menu.title)}`);
  for (const { label, title } of entries) lines.push(`item ${labelOf(label)} ${plain(title)}`);
  const timeout = menu.timeoutSeconds === 0 ? '' : ` --timeout ${menu.timeoutSeconds * 1000}`;
  lines.push(`choose --default ${labelOf(defaultLabel)}${timeout} selected || exit`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a setting of iPXE
  lines.push('goto ${selected}');
  for (const entry of entries) {
    const commands = entryLines(entry, place).map((line) => `${line} || goto failed`);
    lines.push('', `:${labelOf(entry.label)}`, 'imgfree', ...commands);
  }
  lines.push('', ':failed', 'echo This did not boot, back to the menu', 'sleep 5', 'goto menu');
  return script(lines);
}

function script(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

/** Labels share one space with ours. */
function labelOf(label: string): string {
  return `boot_${label}`;
}

function entryLines({ profile }: BootEntry, place: IpxePlace): string[] {
  switch (profile.kind) {
    case 'local':
      // UEFI goes on with its next boot option; a BIOS may have none, so the first disk is booted from here.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a setting of iPXE
      return ['iseq ${platform} efi && exit || sanboot --no-describe --drive 0x80'];
    case 'loader':
      // It would ask for this script again, and so on for ever. A comparison that fails ends the entry as a chain would.
      if (isIpxeBinary(profile.file))
        return [`echo ${plain(profile.file)} is iPXE, which runs already`, 'iseq it new'];
      return [`chain ${urlOf(profile.file, place)}`];
    case 'kernel': {
      const { kernel, initrds, args } = profile;
      const names = initrds.map((_, index) => (initrds.length === 1 ? 'initrd' : `initrd${index}`));
      // A kernel that UEFI runs finds its initrds by name (efi-stub: initrd=).
      const words = [urlOf(kernel, place), ...names.map((name) => `initrd=${name}`), plain(args)];
      return [
        `kernel ${words.join(' ')}`.trimEnd(),
        ...initrds.map((path, index) => `initrd --name ${names[index]} ${urlOf(path, place)}`),
        'boot',
      ];
    }
  }
}

function urlOf(path: string, { values, early }: IpxePlace): string {
  const below = `/${plain(path).replace(/^\/+/, '')}`;
  if (!early) return below;
  return (values.http === '' ? `tftp://${values['next-server']}` : values.http) + below;
}

/** Without what iPXE would act on: settings other than its serial number, comments, ends of commands, a line that goes on at its end. */
function plain(text: string): string {
  const words = oneLine(text)
    .replace(/\$\{+(?!serial:uristring\})/g, '$')
    .split(/\s+/)
    .map((word) => word.replace(/^#+/, ''))
    .filter((word) => !COMMAND_ENDS.has(word));
  for (let last = words.pop(); last !== undefined; last = words.pop()) {
    const whole = last.replace(/\\+$/, '');
    // What is left of `&&\` is an end of a command itself.
    if (whole !== '' && !COMMAND_ENDS.has(whole)) return [...words, whole].join(' ');
  }
  return '';
}
