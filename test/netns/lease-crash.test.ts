import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { decode, hardwareAddress, MessageType, messageType } from '../../src/dhcp-packet/index.ts';
import { parseUdpFrame } from '../../src/frame/udp.ts';
import { formatIpv4 } from '../../src/lib/ipv4.ts';
import { createSqliteLeases } from '../../src/store/lease-sqlite.ts';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { framesOf } from '../rig/pcap.ts';
import { pxedCommand } from '../rig/server.ts';
import { command, createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const ROUNDS = Number(process.env.PXED_CRASH_ROUNDS ?? 5);
const SERVER = '10.99.0.1';
/** Exchanges that perfdhcp begins in a second; each ends in an ACK when the server lives. */
const RATE = 1500;
/** Some dozen replies: the load has begun. */
const REPLIES_BYTES = 20_000;

ring(
  'leases of a pxed that is killed',
  [namespaces, command('perfdhcp', 'kea-admin'), command('tcpdump', 'tcpdump')],
  () => {
    let lab: Lab;
    let server: Host;
    let client: Host;
    let root: BootRoot;
    let folder: string;
    let capture: string;
    let pxed: Running | undefined;

    beforeAll(async () => {
      lab = await createLab();
      server = await lab.host('server', { address: `${SERVER}/16` });
      client = await lab.host('client', { address: '10.99.255.254/16' });
      root = await createEmptyRoot();
      await root.write('pxelinux.0', 'the loader');
      folder = mkdtempSync(join(tmpdir(), 'pxed-crash-'));
      chmodSync(folder, 0o755); // pxed will be nobody
      capture = join(folder, 'acks.pcap');
      const tcpdump = client.start([
        'tcpdump',
        '-i',
        'eth0',
        '-n',
        '-U',
        '-B',
        '32768',
        '-s',
        '0',
        '-Z',
        'root',
        '-w',
        capture,
        'udp',
        'src',
        'port',
        '67',
        'and',
        'src',
        'host',
        SERVER,
      ]);
      await tcpdump.waitFor(/listening on/, 15_000);
    });
    afterEach(async () => {
      await pxed?.stop();
    });
    afterAll(async () => {
      await lab.close();
      await root.delete();
      rmSync(folder, { recursive: true, force: true });
    });

    async function start(): Promise<Running> {
      const options = [
        '--no-conflict-probe',
        '--workers',
        '1',
        '--state',
        join(folder, 'state'),
        '--log-format',
        'json',
      ];
      const running = server.start(
        pxedCommand({ root: root.path, bootFile: 'pxelinux.0', answerAll: true, options }),
      );
      await running.waitFor(/"msg":"pxed ready"/, 30_000);
      return running;
    }

    /** Every ACK that left the server: its address and whose it is. */
    function acknowledged(): { ip: number; mac: string }[] {
      return framesOf(capture).flatMap((frame) => {
        const udp = parseUdpFrame(frame, { checksum: 'ignored' });
        const decoded = udp.ok ? decode(udp.value.payload) : udp;
        if (!decoded.ok) return [];
        const { packet } = decoded.value;
        return messageType(packet) === MessageType.ACK
          ? [{ ip: packet.yiaddr, mac: hardwareAddress(packet) }]
          : [];
      });
    }

    /** Kills it somewhere within the first half second of its acknowledging. */
    async function crash(round: number): Promise<void> {
      const before = statSync(capture).size;
      pxed = await start();
      // Each other round the same machines come again.
      const mac = `00:0c:${(round >> 1).toString(16).padStart(2, '0')}:00:00:01`;
      const options = ['-r', String(RATE), '-R', '60000', '-b', `mac=${mac}`, '-p', '20', '-g', 'single'];
      const load = client.start(['perfdhcp', '-4', '-l', 'eth0', ...options, SERVER]);
      const bound = performance.now() + 20_000;
      while (statSync(capture).size < before + REPLIES_BYTES) {
        if (performance.now() > bound)
          throw new Error(`nothing is answered
${pxed.output()}
${load.output()}`);
        await pause(20);
      }
      await pause(Math.random() * 500);
      pxed.signal('SIGKILL');
      await pxed.exited;
      await load.stop(0);
    }

    /** The store as a restart finds it; its own files are left to the next pxed. */
    async function storeAfter(round: number) {
      const copy = join(folder, `copy-${round}`);
      mkdirSync(copy);
      for (const name of ['leases.db', 'leases.db-wal']) {
        const file = join(folder, 'state', name);
        if (existsSync(file)) copyFileSync(file, join(copy, name));
      }
      const store = createSqliteLeases(join(copy, 'leases.db'));
      await store.load();
      return store;
    }

    test(
      `${ROUNDS} times, under load: no acknowledged lease is lost, and none doubled`,
      async () => {
        let total = 0;
        for (let round = 1; round <= ROUNDS; round++) {
          await crash(round);
          const store = await storeAfter(round);
          const acks = acknowledged();
          const owners = new Map<number, string>();
          const addresses = new Map<string, number>();
          for (const { ip, mac } of acks) {
            const wrong: string[] = [];
            const record = store.byIp(ip);
            if (record?.mac !== mac || record.state !== 'bound')
              wrong.push(`the store says ${record?.mac ?? 'nothing'}`);
            if ((owners.get(ip) ?? mac) !== mac) wrong.push(`${owners.get(ip)} has it too`);
            if ((addresses.get(mac) ?? ip) !== ip)
              wrong.push(`it has ${formatIpv4(addresses.get(mac)!)} too`);
            owners.set(ip, mac);
            addresses.set(mac, ip);
            expect(wrong, `round ${round}: ${formatIpv4(ip)} of ${mac}`).toEqual([]);
          }
          total = acks.length;
          store.close();
          rmSync(join(folder, `copy-${round}`), { recursive: true });
        }
        expect(total).toBeGreaterThan(ROUNDS * 20);
        console.log(`${ROUNDS} crashes: ${total} ACKs checked`);
        pxed = await start();
        expect(pxed.output()).toMatch(/\d+ in .*leases\.db/);
      },
      30_000 + ROUNDS * 10_000,
    );
  },
);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
