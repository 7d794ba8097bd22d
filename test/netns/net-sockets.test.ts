import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const SOURCES = new URL('../../src/', import.meta.url).href;

/** What sockets of a real interface do; each end is a script in its own namespace that ends with one line of JSON. */
ring('Linux sockets between hosts', [namespaces], () => {
  let lab: Lab;
  let server: Host;
  let client: Host;

  beforeAll(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: '192.168.77.1/24', mac: '02:00:00:00:00:01' });
    await server.must(['ip', 'address', 'add', '192.168.77.2/24', 'brd', '+', 'dev', 'eth0']);
    await lab.segment('other');
    await server.plug('eth1', { address: '192.168.88.1/24', segment: 'other', mtu: 1400 });
    await server.plug('idle', { address: '10.1.2.3/20', segment: 'other' });
    await server.must(['ip', 'link', 'set', 'idle', 'down']);
    client = await lab.host('client', { address: '192.168.77.50/24', mac: '02:00:00:00:00:50' });
    await client.plug('eth1', { address: '192.168.88.50/24', segment: 'other' });
  });
  afterAll(() => lab.close());

  const script = (code: string): [string, ...string[]] => [
    process.execPath,
    '--input-type=module-typescript',
    '-e',
    `
    import { loadNetwork } from '${SOURCES}net/load.ts';
    import { formatIpv4, parseIpv4 } from '${SOURCES}lib/ipv4.ts';
    import * as arp from '${SOURCES}frame/arp.ts';
    import * as ethernet from '${SOURCES}frame/ethernet.ts';
    import * as udp from '${SOURCES}frame/udp.ts';
    const network = await loadNetwork('linux');
    const need = (outcome) => {
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
      return outcome.value;
    };
    async function open(spec) {
      const socket = network.attach(need(await network.bind(spec)), { batch: 1 });
      const poller = network.createPoller();
      poller.add(socket);
      const next = async () => {
        while (socket.receive() === 0) {
          await poller.waitAsync(10_000);
          if (poller.readyCount === 0) throw new Error('nothing came in 10 s');
        }
        const { peer, local, replyFrom, ifindex, bytes } = socket.datagram(0);
        const text = new TextDecoder().decode(bytes);
        return { text, peer: formatIpv4(peer), local: formatIpv4(local), replyFrom: formatIpv4(replyFrom), ifindex };
      };
      const say = (to, port, text, source) => {
        socket.out.begin(typeof to === 'string' ? parseIpv4(to) : to, port, source);
        socket.out.bytes(new TextEncoder().encode(text));
        socket.out.end();
        return socket.flush();
      };
      return { socket, next, say };
    }
    async function openFrames(name, etherType, udpTo) {
      const frames = network.attachFrames(need(network.bindFrames(name, etherType, udpTo)));
      const poller = network.createPoller();
      poller.add(frames);
      const next = async () => {
        for (;;) {
          const frame = frames.receive();
          if (frame) return frame;
          await poller.waitAsync(10_000);
          if (poller.readyCount === 0) throw new Error('nothing came in 10 s');
        }
      };
      return { frames, next };
    }
    const tell = (value) => console.log(JSON.stringify(value));
    ${code}
    process.exit(0);`,
  ];
  const ask = async (host: Host, code: string): Promise<unknown> => JSON.parse(await host.must(script(code)));

  async function serve(host: Host, code: string): Promise<Running> {
    const running = host.start(script(code));
    await running.waitFor(/"listening"/, 15_000);
    return running;
  }

  async function told(running: Running): Promise<unknown> {
    await running.exited;
    return JSON.parse(running.output().trim().split('\n').at(-1)!);
  }

  test('a socket on 0.0.0.0 answers from the address that was asked', async () => {
    await serve(
      server,
      `const { socket, next, say } = await open({ port: 7777, interface: 'eth0' });
       tell('listening');
       await next();
       const { peer, peerPort, replyFrom } = socket.datagram(0);
       say(peer, peerPort, 'pong', { from: replyFrom, ifindex: 0 });`,
    );
    const answer = await ask(
      client,
      `const { next, say } = await open({ port: 0 });
       say('192.168.77.2', 7777, 'ping');
       tell(await next());`,
    );
    expect(answer).toMatchObject({ text: 'pong', peer: '192.168.77.2' });
  });

  test('a socket of one interface hears nothing of another', async () => {
    const running = await serve(
      server,
      `const { next } = await open({ port: 7778, interface: 'eth0' });
       tell('listening');
       tell(await next());`,
    );
    await client.must(
      script(
        `const { say } = await open({ port: 0 });
         say('192.168.88.1', 7778, 'wrong cable');
         say('192.168.77.1', 7778, 'right cable');`,
      ),
    );
    expect(await told(running)).toMatchObject({ text: 'right cable' });
  });

  test('a broadcast tells that it was one, and the address to answer from', async () => {
    const running = await serve(
      server,
      `const { next } = await open({ port: 7779, interface: 'eth0', broadcast: true });
       tell('listening');
       const eth0 = network.interfaces().find(({ name }) => name === 'eth0');
       tell({ ...(await next()), index: eth0.index });`,
    );
    await client.must(
      script(
        `const { say } = await open({ port: 0, broadcast: true, interface: 'eth0' });
         say('255.255.255.255', 7779, 'anybody');`,
      ),
    );
    const heard = (await told(running)) as { ifindex: number; index: number };
    expect(heard).toMatchObject({ text: 'anybody', local: '255.255.255.255', replyFrom: '192.168.77.1' });
    expect(heard.ifindex).toBe(heard.index);
  });

  test('a broadcast of ours leaves by the interface named and from the address named', async () => {
    const running = await serve(
      client,
      `const { next } = await open({ port: 7780, interface: 'eth1' });
       tell('listening');
       tell(await next());`,
    );
    await server.must(
      script(
        `const { say } = await open({ port: 0, broadcast: true });
         const eth1 = network.interfaces().find(({ name }) => name === 'eth1');
         say('255.255.255.255', 7780, 'here', { from: parseIpv4('192.168.88.1'), ifindex: eth1.index });`,
      ),
    );
    expect(await told(running)).toMatchObject({ text: 'here', peer: '192.168.88.1' });
  });

  test('segments too large for the way arrive as datagrams all the same, and GSO stays on', async () => {
    const running = await serve(
      client,
      `const { next } = await open({ port: 7781 });
       tell('listening');
       const sizes = [];
       for (let i = 0; i < 4; i++) sizes.push((await next()).text.length);
       tell(sizes);`,
    );
    const segments = await ask(
      server,
      `const { socket } = await open({ port: 0 });
       socket.onFailure = (tag, errno) => { throw new Error(errno); };
       socket.out.begin(parseIpv4('192.168.88.50'), 7781, { from: parseIpv4('192.168.88.1'), ifindex: 0 });
       for (const size of [1472, 1472, 1472, 10]) {
         socket.out.words(0x4141, 0x4141);
         socket.out.bytes(new Uint8Array(size - 4).fill(0x41));
       }
       socket.out.end(1472);
       socket.flush();
       tell(socket.maxGsoSegments());`,
    );
    expect(await told(running)).toEqual([1472, 1472, 1472, 10]);
    expect(segments).toBeGreaterThan(1);
  });

  test('a frame reaches a host that has no such address', async () => {
    const running = await serve(
      client,
      `const { next } = await openFrames('eth0', ethernet.ETHERTYPE.ipv4);
       tell('listening');
       for (;;) {
         const parsed = udp.parseUdpFrame(await next());
         if (!parsed.ok || parsed.value.toPort !== 68) continue;
         tell({ to: formatIpv4(parsed.value.to), fromMac: parsed.value.fromMac, size: parsed.value.payload.length });
         break;
       }`,
    );
    await server.must(
      script(
        `const { frames } = await openFrames('eth0', 0);
         const sent = frames.send(udp.buildUdpFrame({
           fromMac: '02:00:00:00:00:01', toMac: '02:00:00:00:00:50',
           from: parseIpv4('192.168.77.1'), to: parseIpv4('192.168.77.99'),
           fromPort: 67, toPort: 68, payload: new Uint8Array(300),
         }));
         if (sent) throw new Error(sent);`,
      ),
    );
    expect(await told(running)).toEqual({ to: '192.168.77.99', fromMac: '02:00:00:00:00:01', size: 300 });
  });

  test('a packet socket for one UDP port gets its datagrams alone, by unicast and broadcast', async () => {
    const running = client.start(
      script(
        `const { next } = await openFrames('eth0', ethernet.ETHERTYPE.ipv4, 68);
         console.log('listens');
         const got = [];
         while (!got.includes('last')) {
           const parsed = udp.parseUdpFrame(await next());
           got.push(parsed.ok ? new TextDecoder().decode(parsed.value.payload) : parsed.reason);
         }
         tell(got);`,
      ),
    );
    await running.waitFor(/listens/, 10_000);
    await server.must(
      script(
        `const { frames } = await openFrames('eth0', 0);
         const base = {
           fromMac: '02:00:00:00:00:01', toMac: '02:00:00:00:00:50',
           from: parseIpv4('192.168.77.1'), to: parseIpv4('192.168.77.50'), fromPort: 67, toPort: 68,
         };
         const send = (text, change) => {
           const frame = udp.buildUdpFrame({ ...base, payload: new TextEncoder().encode(text), ...change });
           frames.send(change?.alter ? change.alter(frame) : frame);
         };
         send('to another port', { toPort: 69 });
         send('from that port', { fromPort: 68, toPort: 67 });
         send('mine');
         // Behind a first fragment the port’s place holds anything.
         send('a fragment', { alter: (frame) => (frame.set([0x20, 0x01], 20), frame) });
         send('TCP', { alter: (frame) => (frame.set([6], 23), frame) });
         send('ARP', { alter: (frame) => (frame.set([8, 6], 12), frame) });
         send('to all', { toMac: 'ff:ff:ff:ff:ff:ff', to: 0xffffffff });
         send('last');`,
      ),
    );
    expect(await told(running)).toEqual(['mine', 'to all', 'last']);
  });

  test('an ARP probe finds out who has an address', async () => {
    const found = await ask(
      server,
      `const { frames, next } = await openFrames('eth0', ethernet.ETHERTYPE.arp);
       const ownMac = '02:00:00:00:00:01';
       const ip = parseIpv4('192.168.77.50');
       frames.send(arp.buildArpProbe(ownMac, parseIpv4('192.168.77.51')));
       frames.send(arp.buildArpProbe(ownMac, ip));
       for (;;) {
         const frame = ethernet.parseEthernet(await next());
         const seen = frame.ok && arp.parseArp(frame.value.payload);
         if (!seen || !seen.ok || seen.value.operation !== 'reply') continue;
         tell({ owner: seen.value.senderMac, inUse: arp.showsConflict(seen.value, { ip, ownMac }) });
         break;
       }`,
    );
    expect(found).toEqual({ owner: '02:00:00:00:00:50', inUse: true });
  });

  test('interfaces() tells of all, those without a carrier too', async () => {
    const interfaces = await ask(server, 'tell(network.interfaces());');
    expect(interfaces).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'eth0',
          mac: '02:00:00:00:00:01',
          mtu: 1500,
          up: true,
          running: true,
          loopback: false,
          addresses: [
            { address: 0xc0a84d01, prefixLength: 24 },
            { address: 0xc0a84d02, prefixLength: 24 },
          ],
        }),
        expect.objectContaining({ name: 'eth1', mtu: 1400 }),
        expect.objectContaining({
          name: 'idle',
          up: false,
          running: false,
          addresses: [{ address: 0x0a010203, prefixLength: 20 }],
        }),
      ]),
    );
  });

  test('what the system refuses is a value that names call and errno', async () => {
    const refused = await ask(
      server,
      `const spec = { port: 0, interface: 'nosuch0' };
       tell([await network.bind(spec), network.bindFrames('nosuch0', 0x806)]);`,
    );
    expect(refused).toEqual([
      { ok: false, error: { operation: 'setsockopt SO_BINDTODEVICE', errno: 'ENODEV' } },
      { ok: false, error: { operation: 'bind AF_PACKET', errno: 'ENODEV' } },
    ]);
    const asNobody = await ask(
      server,
      `process.setuid(65534);
       tell([await network.bind({ port: 69 }), network.bindFrames('eth0', 0x806)]);`,
    );
    expect(asNobody).toEqual([
      { ok: false, error: { operation: 'bind', errno: 'EACCES' } },
      { ok: false, error: { operation: 'socket AF_PACKET', errno: 'EPERM' } },
    ]);
  });
});
