import { readConfigFile, writeConfigFile } from '../../src/app/config-file.ts';

/** Writes a configuration over and over, each text whole and telling which: what a test kills at any moment. */
const [, , file = ''] = process.argv;
process.stdout.write('writing\n');
for (let round = 0; ; round++) {
  const { etag } = readConfigFile(file);
  const line = `# round ${round} of ${process.pid} ${'x'.repeat(200)}\n`;
  writeConfigFile(file, `version: 1\n${line.repeat(500)}# end ${round} of ${process.pid}\n`, etag);
}
