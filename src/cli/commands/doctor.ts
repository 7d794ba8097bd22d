import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { USUAL_SOCKET } from '../../app/control-client.ts';
import { type DoctorQuestion, reportDoctor } from '../../app/doctor/doctor.ts';

/** `pxectl doctor [interface] [root]`: hands its exit code to `end`. */
export function doctorCommand(end: (code: number) => void): Command {
  return new Command('doctor')
    .summary('what keeps machines from booting')
    .description(
      'say what on this machine and its network keeps others from booting, and what to do; no pxed has to run, and nothing is changed',
    )
    .argument('[interface]', 'interface to serve, or several as eth0,eth1 (default: as configured, or all)')
    .argument('[root]', 'folder that is served (default: tftp.root of the configuration)')
    .option('-c, --config <file>', 'configuration of pxed')
    .addOption(new Option('--mode <mode>', 'as pxed --mode').choices(['auto', 'dhcp', 'proxy', 'off']))
    .option('--quiet', 'send nothing: do not ask the network for other DHCP servers')
    .addOption(
      new Option('--socket <path>', 'control socket of a pxed that may run')
        .default(USUAL_SOCKET)
        .env('PXED_SOCKET'),
    )
    .option('--json', 'print the findings as JSON')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExit code: 0 = nothing is wrong, 1 = some machine will not boot, 2 = usage or configuration',
    )
    .action(async (interfaces: string | undefined, root: string | undefined, options: DoctorQuestion) => {
      const { stdout: out, stderr: err } = process;
      const named = { ...(interfaces !== undefined && { interfaces }), ...(root !== undefined && { root }) };
      const io = { out, err, readText: (file: string) => readFileSync(file, 'utf8') };
      end(await reportDoctor({ ...options, ...named }, io));
    });
}
