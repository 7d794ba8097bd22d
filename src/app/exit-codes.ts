/** What the process ends with; README has the same table. */
export const EXIT = {
  /** Asked to stop, and stopped. */
  OK: 0,
  /** Could not start: interface, port, permission, root or boot file. */
  START: 1,
  /** Mistake on the command line or in the configuration. */
  USAGE: 2,
  /** A service failed again and again. */
  FAILED: 3,
  /** pxectl: no pxed is running there. */
  NO_PXED: 4,
  /** pxectl: there is no such machine, lease, file. */
  NOT_FOUND: 5,
} as const;
