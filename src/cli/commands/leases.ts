import { Command, Option } from 'commander';
import { reportChange } from '../../app/config-report.ts';
import { asked } from '../../app/control-asked.ts';
import { ControlProblem } from '../../app/control-client.ts';
import type { ReportIo } from '../../app/control-report.ts';
import { type LeasePlace, liveLeasePlace, withStoredLeases } from '../../app/lease-place.ts';
import {
  LEASE_STATES,
  reportExport,
  reportHistory,
  reportLease,
  reportLeases,
  reportRelease,
} from '../../app/lease-report.ts';
import { storedLeasesFolder } from '../../app/lease-state.ts';
import { reservationIn } from '../../app/reservation.ts';
import { wholeNumber } from '../arguments.ts';
import { type PlaceOptions, placeCommand, withPlace } from './config.ts';
import { type ControlOptions, controlCommand, EXIT_CODES, withControl } from './control-command.ts';

type LeaseOptions = ControlOptions & { readonly folder?: string };
type Io = ReportIo & { readonly now: () => number };

function leaseCommand(name: string): Command {
  return controlCommand(name).option(
    '--folder <folder>',
    'leases of this state folder, which no pxed uses, instead of asking one',
  );
}

/** Finds the leases that are meant: of the pxed that runs; where none does, those that it left. */
function withLeases(
  options: LeaseOptions,
  changes: boolean,
  act: (place: LeasePlace, io: Io) => Promise<number>,
): Promise<number> {
  return withControl(options, async (client, plain) => {
    const io = { ...plain, now: Date.now };
    const stored = (folder: string) => withStoredLeases(folder, changes, (place) => act(place, io));
    if (options.folder !== undefined) return stored(options.folder);
    try {
      return await act(liveLeasePlace(client), io);
    } catch (error) {
      if (!(error instanceof ControlProblem) || error.code !== 'no-pxed') throw error;
      const folder = storedLeasesFolder();
      if (folder === undefined) throw error;
      io.err.write(`pxectl: ${error.message}; these are the leases in ${folder}\n`);
      return stored(folder);
    }
  });
}

/** `pxectl leases`: each subcommand hands its exit code to `end`. */
export function leasesCommand(end: (code: number) => void): Command {
  const command = new Command('leases')
    .summary('see and take back addresses')
    .description('see who has which address, take addresses back, reserve them');
  command.addCommand(listCommand(end).addHelpText('after', EXIT_CODES), { isDefault: true });
  for (const one of [...aboutCommands(end), ...changingCommands(end)]) {
    command.addCommand(one.addHelpText('after', EXIT_CODES));
  }
  return command;
}

function listCommand(end: (code: number) => void): Command {
  return leaseCommand('list')
    .summary('list them (the default)')
    .description('list leases by address')
    .option('--network <subnet>', 'addresses within, like 192.168.77.0/24')
    .addOption(
      new Option('--state <state>', 'in this state; live = bound, offered or probing').choices(LEASE_STATES),
    )
    .option('--mac <address>', 'of this MAC, or that begin so')
    .option('--hostname <name>', 'of the machine that says it is called so')
    .action(async (options: LeaseOptions & ListOptions) => {
      const { json, network, state, mac, hostname } = options;
      const query = { json, network, state, mac, hostname };
      end(await withLeases(options, false, (place, io) => reportLeases(place, given(query), io)));
    });
}

type ListOptions = {
  readonly network?: string;
  readonly state?: (typeof LEASE_STATES)[number];
  readonly mac?: string;
  readonly hostname?: string;
};

function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

const WHO = 'an IPv4 address or a MAC';

function aboutCommands(end: (code: number) => void): Command[] {
  return [
    leaseCommand('show')
      .summary('all about one')
      .description('show all that is known of an address, or of what a machine has')
      .argument('<who>', WHO)
      .action(async (who: string, options: LeaseOptions) => {
        end(await withLeases(options, false, (place, io) => reportLease(place, { ...options, who }, io)));
      }),
    leaseCommand('history')
      .summary('who had which address')
      .description('list bindings that are over, the newest first: those of the last 30 days')
      .argument('[who]', WHO)
      .option('-n, --limit <count>', 'at most so many (default: 100)', wholeNumber(1, 10_000))
      .action(async (who: string | undefined, options: LeaseOptions & { readonly limit?: number }) => {
        const question = { ...options, limit: options.limit ?? 100, ...(who !== undefined && { who }) };
        end(await withLeases(options, false, (place, io) => reportHistory(place, question, io)));
      }),
    leaseCommand('export')
      .summary('print them all for programs')
      .description('print all leases as CSV, as JSON, or those with a name for hosts(5)')
      .addOption(new Option('--format <format>', 'which').choices(['csv', 'json', 'hosts']).default('csv'))
      .action(async (options: LeaseOptions & { readonly format: 'csv' | 'json' | 'hosts' }) => {
        const format = options.json ? 'json' : options.format;
        end(await withLeases(options, false, (place, io) => reportExport(place, { format }, io)));
      }),
  ];
}

function changingCommands(end: (code: number) => void): Command[] {
  return [
    leaseCommand('release')
      .summary('take one back')
      .description(
        'take an address back, or what a machine has; it is not told, and asks for it again; one that was set aside is used again',
      )
      .argument('<who>', WHO)
      .action(async (who: string, options: LeaseOptions) => {
        end(await withLeases(options, true, (place, io) => reportRelease(place, { ...options, who }, io)));
      }),
    placeCommand('reserve')
      .summary('always give a machine this address')
      .description('always give a machine this address: saves it under hosts of the configuration')
      .argument('<mac>', 'the machine')
      .argument('<address>', 'its address from now on; it gets it when it asks next')
      .option('--hostname <name>', 'and this name')
      .option('--force', 'although somebody else edits the configuration')
      .action(async (mac: string, address: string, options: ReserveOptions) => {
        end(
          await withPlace(options, async (place, io) => {
            const { text = '', etag } = await place.view();
            const { hostname, force, json } = options;
            const set = await asked(() => reservationIn(text, mac, { address, ...given({ hostname }) }));
            return reportChange(place, { set, ifMatch: etag, ...given({ force, json }) }, io);
          }),
        );
      }),
  ];
}

type ReserveOptions = PlaceOptions & { readonly hostname?: string; readonly force?: boolean };
