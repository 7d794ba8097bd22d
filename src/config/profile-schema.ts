import { z } from 'zod';
import * as value from './values.ts';

/** Profiles: what a machine boots, for every loader. Paths are below the boot root. */

/** A name for labels of all loaders. */
export const profileName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,31}$/, 'expected up to 32 letters, digits, _ . and -');

const PATH = 'expected a path below the boot root, of letters, digits and _ . / + @ % = ~ -';

/** Characters that mean something to a loader are refused: `,` and blanks part files, `:` names a server. */
const path = z
  .string()
  .max(255)
  .transform((text, context): string => {
    const parts = text.split('/').filter((part) => part !== '' && part !== '.');
    const characters = text.replace(/\$\{[\w-]*\}/g, '_');
    const isFile = parts.length > 0 && !parts.includes('..') && !/(^|\/)\.?$/.test(text);
    if (isFile && /^[\w./+@%=~-]+$/.test(characters)) return parts.join('/');
    context.issues.push({ code: 'custom', input: text, message: `${PATH}; got ${JSON.stringify(text)}` });
    return z.NEVER;
  });

/** Words at which a command of iPXE ends, or a comment begins; it has no quotes. */
const ENDS_COMMAND = /(^|\s)((\|\||&&|;)(\s|$)|#)/;

/** A command line as people fold it over lines. */
const args = z
  .string()
  .max(2000)
  .transform((text) => text.replace(/[\r\n\t]+/g, ' ').trim())
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  .refine((text) => !/[\x00-\x1f\x7f]/.test(text), 'must not hold control characters')
  .refine(
    (text) => !ENDS_COMMAND.test(text),
    'must not hold ||, && or ; by themselves, nor words that begin with # (iPXE)',
  )
  .refine((text) => !text.endsWith('\\'), 'must not end with a backslash (iPXE)');

const title = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => /^[\p{L}\p{N}]/u.test(text), 'must begin with a letter or a digit')
  .refine((text) => !/\p{Cc}|\$\{/u.test(text), 'must not hold control characters or ${')
  .refine(
    (text) => !ENDS_COMMAND.test(text),
    'must not hold ||, && or ; by themselves, nor words that begin with # (iPXE)',
  );

const menuLine = z.union(
  [
    profileName.transform((profile): { profile: string; title?: string | undefined } => ({ profile })),
    z.strictObject({
      profile: profileName.describe('What it boots.'),
      title: title.optional().describe('Its line; the title of the profile when left out.'),
    }),
  ],
  { error: () => 'expected the name of a profile, or { profile, title }' },
);

export const profile = z.strictObject({
  title: title.optional().describe('Its line in menus; its name when left out.'),
  kernel: path.optional().describe('A kernel; placeholders (mac-hyp, ip, …) may stand in paths and args.'),
  initrd: value.listOf(path).optional().describe('Its initrds, in order; U-Boot takes the first alone.'),
  args: args.optional().describe('Its command line.'),
  fdtdir: path.optional().describe('Folder of device trees, for U-Boot.'),
  loader: path.optional().describe('Instead of a kernel: a program that the running loader starts.'),
  local: z.literal(true).optional().describe('Instead: the machine’s own disk.'),
  menu: z.array(menuLine).min(1).optional().describe('Instead: a menu of profiles.'),
  timeout: z
    .int()
    .min(0)
    .max(3599)
    .optional()
    .describe('Seconds before a menu takes its default; 0 = never; 10 when left out.'),
  default: profileName.optional().describe('The line that a menu takes by itself; the first when left out.'),
  once: z
    .enum(['never', 'always', 'until-fetched', 'until-reported'])
    .optional()
    .describe('How often it is offered: never, always, until the machine fetched it, until it reports.'),
  // biome-ignore lint/suspicious/noThenProperty: "once … then …"; nobody awaits a profile.
  then: profileName.optional().describe('What is offered afterwards; local when left out.'),
  done: path.optional().describe('The file that a machine fetches to report; Kickstart_end when left out.'),
});

export type ProfileConfig = z.output<typeof profile>;
