import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From the package's own package.json, two folders up from the sources, three from the built files. */
export function packageVersion(): string {
  for (const up of ['../..', '../../..']) {
    try {
      const { name, version } = JSON.parse(
        readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8'),
      );
      if (name === 'pxed') return String(version);
    } catch {
      // Look one folder higher.
    }
  }
  return 'unknown';
}
