import { z } from 'zod';
import * as value from './values.ts';

/** The menu that PXE firmware shows, and how firmware is answered. */

/** Those of src/dhcp/quirks-table.ts. */
const QUIRKS = [
  'default',
  'with-4011',
  'no-43',
  'no-60',
  'file-in-header',
  'file-in-options',
  'broadcast',
  'pi-padded',
  'slow-answer',
] as const;

export const quirkNames = value.listOf(z.enum(QUIRKS));

export const quirks = z.union([z.literal('auto'), z.literal('off'), quirkNames], {
  error: ({ input }) =>
    `expected auto, off, or a list of ${QUIRKS.join(', ')}; got ${JSON.stringify(input) ?? 'nothing'}`,
});

/** EDK2 shows no longer texts. */
const text = z.string().min(1).max(253);

const entry = z.strictObject({
  text: text.describe('What the line says.'),
  filename: z
    .string()
    .min(1)
    .max(127, 'must fit the 127 octets of the DHCP header field "file"')
    .optional()
    .describe('Boot file; what the machine would boot without a menu, when left out.'),
  local: z.boolean().default(false).describe('The machine’s own disk.'),
  server: value
    .listOf(value.ipv4)
    .optional()
    .describe('Boot servers of that type; pxed itself when left out.'),
  type: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Boot server type (PXE 2.1 §2.4); chosen by pxed for its own lines when left out.'),
  arch: value
    .listOf(z.union([z.string(), z.int()]))
    .optional()
    .describe('Only machines of these architectures see it.'),
});

export const menu = z.strictObject({
  prompt: text.default('Press F8 for the boot menu').describe('Said while the menu can be called for.'),
  timeout: z
    .int()
    .min(0)
    .max(255)
    .default(10)
    .describe('Seconds before the first line is taken; 0 = at once, 255 = never.'),
  entries: z.array(entry).min(1).describe('The lines, the first of them the one that is taken by itself.'),
});

export type MenuConfig = z.output<typeof menu>;
