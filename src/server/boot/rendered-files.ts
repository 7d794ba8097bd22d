/** A configuration made for whoever asked. */
export type RenderedFile = {
  readonly bytes: Uint8Array;
  /** The profile it was made from. */
  readonly profile: string;
  /** Why that one, for people. */
  readonly reason: string;
};

export type RenderedFiles = {
  /** What stands for a name that is not in the tree, or nothing. `path` is one of the tree, `peer` an address. Never throws. */
  render(ask: {
    readonly path: string;
    readonly peer: string;
    readonly protocol: 'tftp' | 'http';
  }): RenderedFile | undefined;
};
