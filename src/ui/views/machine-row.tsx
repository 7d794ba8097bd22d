import { formatBytes } from '../../lib/size.ts';
import type { Machine } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatWhen } from '../model/format.ts';
import { groupOf, nameOf } from '../model/machine-list.ts';
import { hashOf } from '../model/place.ts';
import { Meter, Stage } from '../parts/stage.tsx';

/** A machine in a line: drawn anew when it moves, whatever others do. */
export function MachineRow({ id }: { readonly id: string }) {
  const { live } = useConsole();
  const machine = live.machines.of(id)?.value;
  return machine ? <Row machine={machine} /> : null;
}

function Row({ machine }: { readonly machine: Machine }) {
  const { id, mac, ip, hostname, firmware, profile, stage, stageText, since, bytes, totalBytes } = machine;
  const name = nameOf(machine);
  const second = [hostname === undefined ? undefined : mac, ip === id ? undefined : ip, firmware];
  const isBooting = groupOf(machine) === 'booting';
  return (
    <tr class="machine-row">
      <th scope="row">
        <a
          class={hostname === undefined ? 'one-line mono' : 'one-line'}
          href={hashOf({ view: 'machine', id })}
        >
          {name}
        </a>
        <span class="second">{second.filter((part) => part !== undefined).join(' · ')}</span>
      </th>
      <td>
        <Stage stage={stage} />
        <span class="second" title={stageText}>
          {stageText}
        </span>
      </td>
      <td class="wide">
        <span class="one-line" title={profile}>
          {profile ?? <span class="muted">none</span>}
        </span>
      </td>
      <td class="wide num">
        {amount(machine)}
        {isBooting && <Meter value={bytes} most={totalBytes} label={`Files of ${name}`} />}
      </td>
      <td class="wide num">{formatWhen(since, Date.now())}</td>
    </tr>
  );
}

function amount({ bytes, totalBytes, ...machine }: Machine): string {
  if (bytes === 0 && totalBytes === undefined) return '';
  const isUnderWay = groupOf(machine) === 'booting' && totalBytes !== undefined && totalBytes > bytes;
  return isUnderWay ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)}` : formatBytes(bytes);
}
