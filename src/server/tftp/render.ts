import type { RenderedFile } from '../boot/rendered-files.ts';

/** A name that is not in the tree, and who asks for it. */
export type RenderAsk = {
  /** Of the tree. */
  readonly path: string;
  /** The client's address, for people. */
  readonly peer: string;
};

/**
 * Asks for the file that stands for a name. `done` is called once, between two turns, with nothing when there is none. False:
 * too many are being asked for already, and `done` is never called.
 */
export type Render = (ask: RenderAsk, done: (file: RenderedFile | undefined) => void) => boolean;

/** Files that another thread makes: it knows the machines and the profiles, and sends word. */
export type RenderElsewhere = {
  readonly render: Render;
  /** Word came. One that nobody waits for any more is passed over. */
  rendered(id: number, file: RenderedFile | undefined): void;
};

/**
 * Asked and not answered yet, of one worker. The other thread stands still while its terminal does, and messages between
 * threads queue without bounds: whoever is not asked for asks again.
 */
const MOST_ASKED = 256;

/** `post` asks the other thread, which answers by {@link RenderElsewhere.rendered}. */
export function createRenderElsewhere(post: (id: number, ask: RenderAsk) => void): RenderElsewhere {
  const asked = new Map<number, (file: RenderedFile | undefined) => void>();
  let last = 0;
  return {
    render(ask, done) {
      if (asked.size >= MOST_ASKED) return false;
      asked.set(++last, done);
      post(last, ask);
      return true;
    },
    rendered(id, file) {
      const done = asked.get(id);
      asked.delete(id);
      done?.(file);
    },
  };
}
