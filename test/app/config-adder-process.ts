import { ConfigFileProblem, readConfigFile, writeConfigFile } from '../../src/app/config-file.ts';

/** Adds lines to a configuration that others add to: again, when it is told that one of them was faster. */
const [, , file = '', name = '', count = '0'] = process.argv;
for (let added = 0; added < Number(count); ) {
  const { text, etag } = readConfigFile(file);
  try {
    writeConfigFile(file, `${text}# ${name} ${added}\n`, etag);
    added++;
  } catch (error) {
    const isTold = error instanceof ConfigFileProblem && ['changed', 'busy'].includes(error.code);
    if (!isTold) throw error;
  }
}
