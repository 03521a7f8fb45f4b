/** `envseal run`: opens the sources and becomes the command. One line a step, in the order things happen. */
import { EnvsealError } from '../errors.ts';
import { buildEnviron, type EnvironOptions } from '../launch/environ.ts';
import { handOver } from '../launch/hand-over.ts';
import { checkKernelLimits } from '../launch/kernel-limits.ts';
import { lookUp } from '../launch/lookup.ts';
import { rehearse } from '../launch/rehearse.ts';
import { Deadline } from '../net/deadline.ts';
import type { Settings } from '../settings.ts';
import { parseSource, type Source } from '../store/source.ts';
import type { ByteString } from '../system/system.ts';
import { type CommandLine, readSettings } from './arguments.ts';
import type { CommandContext } from './commands.ts';
import { openSources } from './open-sources.ts';

export async function run({ host, commandLine }: CommandContext): Promise<void> {
  const settings = readSettings(commandLine, host.variables);
  const argv = requireCommand(commandLine);
  const sources = requireSources(settings.source);
  const deadline = new Deadline(settings.timeout);
  const options = environOptions(settings);
  const rehearsal = setImmediate(() => rehearse(argv[0], options, host));
  const sealed = await openSources(sources, { host, settings, deadline });
  clearImmediate(rehearsal);
  deadline.clear();
  const environ = buildEnviron(host.environ, sealed, options);
  const path = lookUp(argv[0], environ, host.system);
  checkKernelLimits(argv, environ, host.system.stackLimit());
  await handOver({ path, argv, environ }, host);
}

function requireCommand({ operands, child }: CommandLine): readonly [ByteString, ...ByteString[]] {
  if (operands.length > 0) {
    throw new EnvsealError('usage', 'unexpected word before --', {
      hint: 'the container command goes after --: envseal run [FLAGS] -- COMMAND [ARGUMENT…]',
    });
  }
  const [file, ...rest] = child ?? [];
  if (file !== undefined) return [file, ...rest];
  throw new EnvsealError('usage', 'no command to run', {
    hint: 'envseal run -- COMMAND [ARGUMENT…]; in an image with ENTRYPOINT ["envseal", "run", "--"], set CMD',
  });
}

function environOptions(settings: Settings): EnvironOptions {
  return {
    ...settings,
    preserveEnv: settings['preserve-env'],
    allowName: settings['allow-name'],
    scrubCredentials: settings['scrub-credentials'],
  };
}

function requireSources(uris: readonly string[]): Source[] {
  if (uris.length > 0) return uris.map(parseSource);
  throw new EnvsealError('usage', 'no source to open', {
    hint: 'set ENVSEAL_SOURCE=s3://BUCKET/KEY, or give --source',
  });
}
