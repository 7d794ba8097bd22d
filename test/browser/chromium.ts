/** Debian's Chromium without a screen, inside a lab's host, where it reaches nothing but that host. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium as driver, type Page } from 'playwright-core';
import type { Host } from '../rig/lab.ts';
import { command, type Need } from '../rig/requirement.ts';

export const chromium: Need = command('chromium', 'chromium');

/** Everything that the console must look right in: name -> width, height. */
export const SIZES = { phone: [390, 844], desktop: [1440, 900] } as const;
export const SCHEMES = ['light', 'dark'] as const;

export async function openChromium(host: Host): Promise<Browser> {
  const script = join(host.folder, 'chromium-inside');
  // The pipe that the browser is driven by is inherited through both.
  await writeFile(script, `#!/bin/sh\nexec ip netns exec ${host.netns} chromium "$@"\n`);
  await chmod(script, 0o755);
  return driver.launch({ executablePath: script, args: ['--disable-dev-shm-usage', '--disable-gpu'] });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Violation = { id: string; nodes: { html: string; failureSummary: string }[] };

/** What axe finds wrong with the page as it is, each with where; its usual rules, best practices among them. */
export async function violationsOf(page: Page): Promise<string[]> {
  // By the debugger: the page's own policy would refuse a script of ours.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  const found = await page.evaluate<Violation[]>(
    'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
}

/** Keeps a picture where `PXED_SHOTS` names a folder for them. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.PXED_SHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
