/** The oldest Node whose features the rest relies on; package.json says the same. */
const OLDEST = 24;

/** Ends the process with one line and exit code 1 when this Node is too old. Must itself run on any Node. */
export function requireNode(): void {
  const version = process.versions.node;
  if (Number(version.split('.')[0]) >= OLDEST) return;
  process.stderr.write(`pxed needs Node ${OLDEST} or newer; this is ${version} (${process.execPath})\n`);
  process.exit(1);
}
