import type { ChosenJson, ForgottenJson, MachineJson, StoryJson } from '../server/control/machine-routes.ts';
import type { ControlClient } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import { formatAge } from './output/age.ts';
import { printJson } from './output/json.ts';
import { harmless, printTable } from './output/table.ts';

type Asked = { readonly json?: boolean };

/** `pxectl machines`. */
export async function reportMachines(
  client: ControlClient,
  { json, limit, now }: Asked & { readonly limit: number; readonly now: number },
  { out }: ReportIo,
): Promise<undefined> {
  const { machines } = (await client.get(`/api/v1/machines?limit=${limit}`)) as { machines: MachineJson[] };
  if (json) {
    printJson(out, machines);
    return;
  }
  printTable(out, machines, {
    none: 'No machine was heard of yet.',
    columns: [
      { title: 'MACHINE', of: ({ id }) => id },
      { title: 'ADDRESS', of: ({ ip }) => ip },
      { title: 'NAME', of: ({ hostname }) => hostname },
      { title: 'FIRMWARE', of: ({ firmware }) => firmware },
      { title: 'PROFILE', of: ({ profile }) => profile },
      { title: 'STAGE', of: ({ stage }) => stage },
      { title: 'SEEN', of: ({ lastSeen }) => `${formatAge((now - Date.parse(lastSeen)) / 1000)} ago` },
      { title: 'WHAT', of: ({ stageText }) => stageText },
    ],
  });
}

/** `pxectl why`: 0 for a boot that went well or goes on, 1 for one that did not. */
export async function reportWhy(
  client: ControlClient,
  { machine, json }: Asked & { readonly machine: string },
  { out }: ReportIo,
): Promise<number> {
  const story = (await client.get(`/api/v1/machines/${encodeURIComponent(machine)}/why`)) as StoryJson;
  if (json) printJson(out, story);
  else out.write(whyText(story));
  const { verdict } = story.explanation;
  return verdict === 'failed' || verdict === 'ignored' ? EXIT.START : EXIT.OK;
}

const CERTAINTIES = { sure: '', likely: 'likely: ', possible: 'possibly: ' } as const;

/** For people: what happened, why, what to do, and every step. */
export function whyText(story: StoryJson): string {
  const { explanation, earlier, chosen, next } = story;
  const lines = [
    `${nameOf(story)} ${explanation.headline}`,
    ...explanation.reasons.flatMap(({ text, fix, certainty }) => [
      '',
      `  ${CERTAINTIES[certainty]}${text}`,
      ...(fix === undefined ? [] : [`    -> ${fix}`]),
    ]),
    ...(explanation.missing === undefined ? [] : ['', `  What never came: ${explanation.missing}`]),
    '',
    ...stepLines(story),
    ...(story.left > 0 ? [`  (${story.left} more steps are left out)`] : []),
    ...(chosen ? ['', `  Chosen: ${chosen.profile}${chosen.once ? ', once' : ''}`] : []),
    ...(next ? ['', `  The next time: ${next.reason}`] : []),
    ...(earlier.length > 0 ? ['', 'Earlier boots:'] : []),
    ...earlier.map(
      ({ began, stage, text }) => `  ${dayOf(began)} ${timeOf(began)}  ${stage.padEnd(7)} ${text}`,
    ),
  ];
  return lines.map((line) => `${harmless(line).trimEnd()}\n`).join('');
}

function nameOf({ id, ip, hostname, firmware }: StoryJson): string {
  const about = [ip === id ? undefined : ip, hostname, firmware].filter((word) => word !== undefined);
  return about.length > 0 ? `${id} (${about.join(', ')})` : id;
}

function stepLines({ steps, since, explanation }: StoryJson): string[] {
  const day = dayOf(since);
  return [
    `${explanation.verdict === 'files' ? 'Files' : 'Boot'} of ${day}:`,
    ...steps.map(({ at, tookMs, text, ok }) => {
      const mark = ok === undefined ? ' ' : ok ? '+' : '!';
      const took = tookMs === undefined ? '' : ` in ${spanOf(tookMs)}`;
      return `  ${timeOf(at)} ${mark} ${text}${took}`;
    }),
  ];
}

function spanOf(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Of the machine that pxectl runs on, as its clock on the wall has it. */
function timeOf(iso: string): string {
  const at = new Date(iso);
  const two = (value: number, digits = 2) => String(value).padStart(digits, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}

function dayOf(iso: string): string {
  const at = new Date(iso);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
}

/** `pxectl boot`. */
export async function reportBoot(
  client: ControlClient,
  {
    machine,
    profile,
    once,
    json,
  }: Asked & { readonly machine: string; readonly profile: string | null; readonly once: boolean },
  { out }: ReportIo,
): Promise<undefined> {
  const path = `/api/v1/machines/${encodeURIComponent(machine)}/boot`;
  const told = (await client.send('POST', path, { profile, once })) as ChosenJson;
  if (json) printJson(out, told);
  else out.write(`${harmless(told.text)}\n`);
}

/** `pxectl forget`. */
export async function reportForget(
  client: ControlClient,
  { machine, json }: Asked & { readonly machine: string },
  { out }: ReportIo,
): Promise<undefined> {
  const path = `/api/v1/machines/${encodeURIComponent(machine)}/progress`;
  const told = (await client.send('DELETE', path)) as ForgottenJson;
  if (json) printJson(out, told);
  else out.write(`${harmless(told.text)}\n`);
}
