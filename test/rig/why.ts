import type { ControlSocket } from './control.ts';

/** What `pxectl why` says, as far as tests ask. */
export type Why = {
  readonly stage: string;
  readonly explanation: {
    readonly verdict: string;
    readonly headline: string;
    readonly reasons: readonly { readonly code: string; readonly text: string; readonly fix?: string }[];
    readonly missing?: string;
  };
  readonly steps: readonly { readonly what: string; readonly text: string; readonly ok?: boolean }[];
};

const ASK_MS = 2_500;

/** `pxectl why`, again and again, until the machine's boot has failed. Rejects at the bound. */
export async function whyFailed(control: ControlSocket, machine: string, timeoutMs: number): Promise<Why> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const { code, stdout, stderr } = await control.pxectl('why', machine, '--json');
    const why = code === 0 || code === 1 ? (JSON.parse(stdout) as Why) : undefined;
    if (why?.explanation.verdict === 'failed') return why;
    if (performance.now() > until) {
      throw new Error(`Cannot see ${machine} fail: ${timeoutMs} ms are over\n${stdout}${stderr}`);
    }
    await new Promise((next) => setTimeout(next, ASK_MS));
  }
}
