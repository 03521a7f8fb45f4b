/** The edge: the only file that reads the process, writes to it and ends it. */
import { splitCommandLine, type Variables } from './cli/arguments.ts';
import { COMMANDS, type CommandRow, commandName } from './cli/commands.ts';
import { type LogFormat, type Report, report, reportSignal } from './cli/report.ts';
import type { Host } from './host.ts';
import { loadBun } from './system/bun.ts';
import { textOf, toByteString } from './system/bytes.ts';
import { type ByteString, STOP_SIGNALS, type StopSignal, type System } from './system/system.ts';

const MAX_PROC_BYTES = 16 * 1024 * 1024;

const system = await loadSystem();
let logFormat: LogFormat = 'text';
const atStop = new Set<() => Promise<void>>();
let isStart = true;

// An uncaught error would print its source line and its properties, which could hold a value.
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// What the runtime and the SDK want to tell is not the container's output.
process.removeAllListeners('warning');
for (const name of ['debug', 'error', 'info', 'log', 'warn'] as const) console[name] = () => {};

try {
  process.exit(await main(readHost()));
} catch (error) {
  fail(error);
}

async function main(host: Host): Promise<number> {
  logFormat = peekLogFormat(host);
  const commandLine = splitCommandLine(host.argv);
  const name = commandName(commandLine);
  isStart = name === 'run';
  const command = await (COMMANDS[name] as CommandRow).load();
  return (await command({ host, commandLine })) ?? 0;
}

function fail(error: unknown): never {
  end(report(error, logFormat));
}

function end({ text, exitStatus }: Report): never {
  system.write(2, text);
  process.exit(exitStatus);
}

async function loadSystem(): Promise<System> {
  try {
    if ('Bun' in globalThis) return loadBun();
  } catch {
    // Where no memory may be both written and executed (systemd's MemoryDenyWriteExecute), Bun has no FFI.
  }
  return (await import('./system/node.ts')).nodeSystem;
}

function readHost(): Host {
  const environ = readStrings('/proc/self/environ') ?? Object.entries(process.env).map(toEntry);
  const argv = readStrings('/proc/self/cmdline');
  // The arguments are the last ones, whatever the runtime puts before them.
  const count = process.argv.length - 2;
  return {
    system,
    argv: argv === undefined ? process.argv.slice(2).map(toByteString) : argv.slice(argv.length - count),
    self: self(),
    environ,
    variables: decode(environ),
    stopSignals: listenForStopSignals(),
    onStop: (action) => {
      atStop.add(action);
      return () => atStop.delete(action);
    },
  };
}

/** `/proc/self/exe` is this very program, also where its file was moved or PATH has another. */
function self(): ByteString[] {
  const script = process.argv[1] ?? '';
  return system.runtime === 'bun'
    ? ['/proc/self/exe']
    : [toByteString(process.execPath), toByteString(script)];
}

function readStrings(path: string): ByteString[] | undefined {
  try {
    const text = toByteString(system.readFile(path, MAX_PROC_BYTES));
    return text === '' ? [] : text.slice(0, text.endsWith('\0') ? -1 : undefined).split('\0');
  } catch {
    return undefined;
  }
}

function toEntry([name, value]: [string, string | undefined]): ByteString {
  return toByteString(`${name}=${value ?? ''}`);
}

/** As `getenv` does, the first of two entries with the same name is taken. */
function decode(environ: readonly ByteString[]): Variables {
  const variables: Record<string, string> = Object.create(null);
  for (const entry of environ) {
    const equals = entry.indexOf('=');
    const name = textOf(entry.slice(0, Math.max(0, equals)));
    if (equals > 0) variables[name] ??= textOf(entry.slice(equals + 1));
  }
  return variables;
}

/** As pid 1 the kernel gives no default action, so a container could not be stopped while it waits for its secrets. */
function listenForStopSignals(): StopSignal[] {
  const signals: StopSignal[] = [];
  for (const signal of Object.keys(STOP_SIGNALS) as StopSignal[]) {
    if (system.isIgnored(signal)) continue;
    process.on(signal, () => stop(signal));
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
