import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Host, type Lab, namespaces, ring } from './harness.ts';

ring('a socket whose buffer is full', [namespaces], () => {
  const site = {} as { lab: Lab; host: Host };
  beforeAll(async () => {
    site.lab = await createLab();
    site.host = await site.lab.host('host', { address: '192.168.77.1/24' });
  });
  afterAll(() => site.lab.close());

  test('keeps what is left until there is room, and fails nothing', async () => {
    const program = join(import.meta.dirname, 'full-socket-process.ts');
    const out = await site.host.must([process.execPath, program, '192.168.77.99'], { timeoutMs: 60_000 });
    const { fullAtFirst, failures, left } = JSON.parse(out);
    expect({ fullAtFirst, failures, left }).toEqual({ fullAtFirst: true, failures: [], left: 0 });
  });
});
