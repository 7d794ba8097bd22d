import { z } from 'zod';
import * as value from './values.ts';

/** Who may start, stop, ask and change a pxed that runs, and from where. */
export const control = z.strictObject({
  socket: z
    .union([z.literal(false), z.string().startsWith('/', 'expected a path that begins with /, or false')], {
      error: 'expected a path that begins with /, or false',
    })
    .optional()
    .describe('Unix socket of pxectl; false = none; /run/pxed/pxed.sock where root starts pxed.'),
  group: z
    .string()
    .min(1)
    .optional()
    .describe('Group whose members may use the socket; root alone when left out.'),
  listen: value
    .listOf(value.tcpPlace)
    .default([])
    .describe('Where the API and the console are served by TCP; nowhere by default.'),
  'token-file': z
    .string()
    .min(1)
    .optional()
    .describe('File with the token that whoever comes by TCP must know; others must not be able to read it.'),
  'upload-max': value.size.default(16 * 1024 ** 3).describe('Largest file that is put by way of control.'),
  fetch: value
    .listOf(value.urlPrefix)
    .default([])
    .describe('How URLs begin that pxed itself may fetch files from; none by default.'),
});
