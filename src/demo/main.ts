/** `npm run demo`: a machine boots from pxed in a private network, both sides shown live. */

import { install } from './install.ts';
import { type DemoOptions, parseDemoOptions, USAGE } from './options.ts';
import {
  findParts,
  isComplete,
  missingParts,
  packagesFor,
  type RealParts,
  thisDistribution,
} from './parts.ts';
import { play } from './play.ts';
import { enterPrivateNetwork } from './private-network.ts';
import { createScreen, type Screen } from './screen.ts';

/** As other commands have it: 2 for a wrong command line. */
const WRONG_USE = 2;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const options = parseDemoOptions(argv);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${USAGE}\n`);
    return WRONG_USE;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { isTTY } = process.stdout;
  process.stdout.on('error', () => {}); // nobody reads any more (a closed pipe): still clean up
  const screen = createScreen((text) => process.stdout.write(text), isTTY && !process.env.NO_COLOR);
  if (process.platform !== 'linux') {
    screen.say('demo', `Cannot make a private network on ${process.platform}: the demo needs Linux`);
    return 1;
  }
  if (options.install && !installMissing(screen)) return 1;

  const passOn = argv.filter((argument) => argument !== '--install');
  const entered = await enterPrivateNetwork([process.argv[1] ?? '', ...passOn]);
  if (entered.kind === 'done') return entered.exitCode;
  if (entered.kind === 'refused') {
    for (const line of entered.lines) screen.say('demo', line);
    return 1;
  }
  const parts = chooseMachine(options, screen);
  if (parts === 'impossible') return 1;
  return play({ parts, keep: options.keep, mapped: entered.mapped, screen });
}

/** Needs the way out to the distribution's servers, so it comes before the private network. */
function installMissing(screen: Screen): boolean {
  const missing = missingParts(findParts().parts);
  if (missing.length === 0) return true;
  const distribution = thisDistribution();
  if (!distribution) {
    screen.say('demo', 'Cannot install: only Debian, Ubuntu, Fedora and their relatives are known here');
    return false;
  }
  const packages = packagesFor(missing, distribution);
  screen.say('demo', `Installing ${packages.join(' ')}`);
  const problem = install(packages, distribution);
  if (problem !== undefined) screen.say('demo', `Cannot install: ${problem}`);
  return problem === undefined;
}

/** The real machine's parts; undefined for the built-in one. Says what is missing for a real one. */
function chooseMachine(options: DemoOptions, screen: Screen): RealParts | undefined | 'impossible' {
  if (options.machine === 'client') return undefined;
  const { parts, unreadableKernel } = findParts();
  if (isComplete(parts)) return parts;
  const missing = missingParts(parts);
  const distribution = thisDistribution();
  const asRoot = unreadableKernel !== undefined && !parts.kernel;
  const toInstall = asRoot ? missing.filter((part) => part !== 'kernel') : missing;
  screen.say('demo', `Missing for a real machine: ${missing.join(', ')}`);
  if (distribution && toInstall.length > 0) {
    const packages = packagesFor(toInstall, distribution).join(' ');
    screen.say('demo', `  packages: ${packages}; "npm run demo -- --install" installs them`);
  }
  if (asRoot) screen.say('demo', `  only root may read ${unreadableKernel}: sudo npm run demo`);
  if (options.machine === 'qemu') return 'impossible';
  screen.say('demo', 'The built-in machine takes its place: it walks the same way, but runs nothing');
  return undefined;
}
