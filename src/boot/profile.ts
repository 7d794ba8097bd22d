/**
 * What a machine boots, said once for every loader: the configuration's `profiles`. Paths are below the boot root, without
 * a leading slash. Paths and `args` may hold placeholders, see template.ts.
 */
export type Profile = KernelProfile | LoaderProfile | LocalProfile | MenuProfile;

type Named = {
  readonly name: string;
  /** Its line in a menu; the name when absent. */
  readonly title?: string;
  /** It is never offered: this profile is, in its place. In menus its line is left out. */
  readonly instead?: string;
};

export type KernelProfile = Named & {
  readonly kind: 'kernel';
  readonly kernel: string;
  readonly initrds: readonly string[];
  /** The kernel's command line. */
  readonly args: string;
  /** Folder of device trees, for U-Boot alone. */
  readonly fdtdir?: string;
  readonly once?: OncePolicy;
};

/** Another loader, or any program of the firmware, that the running loader starts. */
export type LoaderProfile = Named & {
  readonly kind: 'loader';
  readonly file: string;
  readonly once?: OncePolicy;
};

/** The machine's own disk. */
export type LocalProfile = Named & { readonly kind: 'local' };

export type MenuProfile = Named & {
  readonly kind: 'menu';
  readonly entries: readonly MenuLine[];
  /** How long it waits before it takes the default; 0 = for ever. */
  readonly timeoutSeconds: number;
  /** The profile of the entry that is taken by itself; the first when absent. */
  readonly default?: string;
};

export type MenuLine = { readonly profile: string; readonly title?: string };

/** A profile that is offered until there is proof that the machine got through it (install-once.ts). */
export type OncePolicy = {
  /** `fetched`: kernel and initrds were delivered wholly. `reported`: the installer fetched `done`, or posted to it. */
  readonly until: 'fetched' | 'reported';
  /** A path below the root. */
  readonly done: string;
  /** The profile that is offered afterwards. */
  readonly then: string;
};

/** The profile that is there without being configured: the machine's own disk. */
export const LOCAL_PROFILE: LocalProfile = { kind: 'local', name: 'local', title: 'Local disk' };

/** The file that installers of the HOWTO fetch when they are done. */
export const DONE_FILE = 'Kickstart_end';
