import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.runIf(process.platform === 'linux')(
  'waitAsync() goes on in a process where nothing else happens',
  async () => {
    // The poller's callback comes from outside of Node's own: in an otherwise idle process a plain resolve() was not
    // followed up before the next timer, and no DHCP client was answered.
    const sender = createSocket('udp4');
    const stdout = await new Promise<string>((resolve, reject) => {
      const file = join(import.meta.dirname, 'idle-process.ts');
      const child = execFile(process.execPath, [file], { timeout: 10_000 }, (error, out) => {
        if (error) reject(error);
        else resolve(out);
      });
      child.stdout?.once('data', (port: string) => {
        // Its own start has settled when it sleeps in epoll_wait; a few datagrams are as good as one.
        const timer = setInterval(() => sender.send('x', Number(port), '127.0.0.1'), 200);
        child.once('close', () => clearInterval(timer));
      });
    });
    sender.close();
    expect(stdout).toMatch(/received [1-9]/);
  },
);
