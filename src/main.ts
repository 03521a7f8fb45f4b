/** The entry point: the only file that reads the process, writes its output and ends it. */
import { system } from '#system';
import { type LogFormat, type Report, report, reportSignal } from './cli/report.ts';
import { decodeEnviron, type Host } from './host.ts';
import { readPlainStart } from './run/plain-arguments.ts';
import { start } from './run/start.ts';
import type { ByteString } from './system/byte-string.ts';
import { STOP_SIGNALS, type StopSignal } from './system/system.ts';

let logFormat: LogFormat = 'text';
const atStop = new Set<() => Promise<void>>();
let isStart = true;

// An uncaught error would print its source line and its properties, which could hold a value.
system.begin(fail);

try {
  const host = readHost();
  const status = await main(host).catch((error: unknown) => failOrGoOn(error, host));
  system.exit(status);
} catch (error) {
  fail(error);
}

async function main(host: Host): Promise<number> {
  logFormat = peekLogFormat(host);
  const plain = readPlainStart(host);
  if (plain !== undefined) return await start({ ...plain, host });
  const { splitCommandLine } = await import('./cli/arguments.ts');
  const { commandName, loadCommand } = await import('./commands/load.ts');
  const commandLine = splitCommandLine(host.argv);
  const name = commandName(commandLine);
  isStart = name === 'run';
  const command = await loadCommand(name);
  return (await command({ host, commandLine })) ?? 0;
}

/** If the full program can do what this one cannot, it takes over. */
async function failOrGoOn(error: unknown, host: Host): Promise<never> {
  const { continueInFullProgram } = await import('./run/become-full-program.ts');
  return fail(await continueInFullProgram(error, host));
}

function fail(error: unknown): never {
  end(report(error, logFormat));
}

function end({ text, exitStatus }: Report): never {
  system.write(2, text);
  system.exit(exitStatus);
}

function readHost(): Host {
  const environ = system.environ();
  return {
    system,
    argv: system.arguments(),
    environ,
    variables: decodeEnviron(environ),
    stopSignals: listenForStopSignals(),
    onStop: (action) => {
      atStop.add(action);
      return () => atStop.delete(action);
    },
  };
}

/** As pid 1 the kernel gives no default action, so a container could not be stopped while it waits for its secrets. */
function listenForStopSignals(): StopSignal[] {
  const signals: StopSignal[] = [];
  for (const signal of Object.keys(STOP_SIGNALS) as StopSignal[]) {
    if (system.isIgnored(signal)) continue;
    system.onSignal(signal, () => stop(signal));
    signals.push(signal);
  }
  return signals;
}

function stop(signal: StopSignal): void {
  const actions = [...atStop].reverse();
  atStop.clear();
  const ended = () => end(reportSignal(signal, { number: STOP_SIGNALS[signal], isStart }, logFormat));
  if (actions.length === 0) ended();
  else actions.reduce((before, action) => before.then(action, action), Promise.resolve()).then(ended, ended);
}

/** How a bad setting is reported cannot wait until all settings are read. */
function peekLogFormat({ argv, variables }: Host): LogFormat {
  let format = variables.ENVSEAL_LOG_FORMAT;
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  for (let i = 0; i < end; i++) {
    const word = argv[i] as ByteString;
    if (word === '--log-format' && i + 1 < end) format = argv[i + 1];
    else if (word.startsWith('--log-format=')) format = word.slice('--log-format='.length);
  }
  return format === 'json' ? 'json' : 'text';
}
