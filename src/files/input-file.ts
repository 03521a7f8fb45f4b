/** The input of `push`: a file, stdin, or variables of its own environment. */
import { editEnvFile } from '../envfile/edit/edit.ts';
import { matcher } from '../envfile/name-glob.ts';
import { format } from '../envfile/write-dotenv.ts';
import { EnvsealError } from '../errors.ts';
import { MAX_SOURCE_BYTES } from '../limits-and-defaults.ts';
import { VARIABLE_PREFIX } from '../own-variables.ts';
import { nameOf } from '../run/environ.ts';
import { isPlain } from '../run/open-object.ts';
import { asFormat, detect } from '../sealing/detect.ts';
import { openPlain } from '../sealing/open-plain.ts';
import { parseSource, type Source } from '../source-uri.ts';
import type { ByteString } from '../system/byte-string.ts';
import { readFile, readInput as readStdin } from './input-value.ts';
import type { PlainFile } from './seal-file.ts';
import type { Workspace } from './workspace.ts';

/** After `--only` and `--exclude`. Throws `malformed`, `not_found`, `too_large`, and `usage` for what is sealed already. */
export async function readInput(path: string | undefined, workspace: Workspace): Promise<PlainFile> {
  const file = path === undefined ? fromEnvironment(workspace) : await fromFile(path, workspace);
  const { only, exclude } = workspace.flags;
  if (only.length === 0 && exclude.length === 0) return file;
  const isWanted = only.length === 0 ? () => true : matcher(only);
  const isExcluded = matcher(exclude);
  const names = [...openPlain(file.bytes, file.kind, file.source).keys()];
  const left = names.filter((name) => !isWanted(name) || isExcluded(name));
  const { uri, dialect } = file.source;
  const bytes = editEnvFile(file.bytes, new Map(left.map((name) => [name, undefined])), {
    source: uri,
    kind: file.kind,
    dialect,
  });
  return { ...file, bytes };
}

async function fromFile(path: string, { host, deadline }: Workspace): Promise<PlainFile> {
  const isInput = path === '-';
  const source = isInput ? STDIN : localSource(path);
  // No timeout: a pipeline may take long.
  deadline.clear();
  const bytes = isInput
    ? await readStdin(host.system)
    : await readFile(source.scheme === 'file' ? source.path : path, host.system);
  deadline.renew();
  if (bytes.length > MAX_SOURCE_BYTES) {
    throw new EnvsealError('too_large', `${source.uri} is over ${MAX_SOURCE_BYTES} bytes`, {
      hint: 'an env file must fit into the environment of a process; check the path',
    });
  }
  const about = { source: source.uri };
  const content = source.format === undefined ? detect(bytes, about) : asFormat(bytes, source.format, about);
  if (isPlain(content)) return { bytes, kind: content.kind, source };
  throw new EnvsealError('usage', `${source.uri} is already sealed: ${content.kind}`, {
    hint: `use envseal copy ${source.uri} URI, which opens it and seals it for its new place`,
  });
}

const STDIN: Source = {
  scheme: 'file',
  path: '-',
  uri: 'stdin',
  format: undefined,
  dialect: 'dotenv',
  isOptional: false,
};

/** A path as it is typed, also without `./`; a file: URI can say the dialect. */
function localSource(path: string): Source {
  const source = parseSource(/^(file:\/\/|\.{0,2}\/)/.test(path) ? path : `./${path}`);
  return { ...source, uri: path };
}

/** Variables that the shell or CI set, such as its masked ones. Throws `not_found` if none matches. */
function fromEnvironment({ host, flags }: Workspace): PlainFile {
  const isWanted = matcher(flags['from-env']);
  const chosen = host.environ.filter((entry) => {
    const name = nameOf(entry);
    return entry !== name && !name.startsWith(VARIABLE_PREFIX) && isWanted(name);
  });
  const entries = chosen.map((entry): [string, string] => {
    const name = nameOf(entry);
    return [name, decode(name, entry.slice(name.length + 1))];
  });
  if (entries.length === 0) {
    throw new EnvsealError('not_found', 'no variable of the environment matches --from-env', {
      hint: "quote globs, so that the shell does not expand them: --from-env 'APP_*'",
    });
  }
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    bytes: Buffer.from(format(entries)),
    kind: 'dotenv',
    source: { ...STDIN, uri: 'the environment' },
  };
}

function decode(name: string, value: ByteString): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    throw new EnvsealError('malformed', `the value of ${name} is not UTF-8`, {
      hint: 'encode binary values, for example as base64',
    });
  }
}
