/**
 * The token that a workload exchanges at the Security Token Service: one of its own platform, from the source
 * in the file.
 */
import { parseObject } from '../../../json.ts';
import { toByteString } from '../../../system/bytes.ts';
import { ErrnoError } from '../../../system/system.ts';
import { because, explainRefusedToken, incomplete, SOURCE_HINT } from '../errors.ts';
import { type CredentialFields, type CredentialFile, showPath, sourceIn } from '../file.ts';
import { askForToken } from '../request.ts';
import type { TokenSources } from '../token.ts';
import { isFilled, urlIn } from './fields.ts';

/** Several times the longest token that Google takes. */
const MAX_TOKEN_BYTES = 64 * 1024;

/** Throws `credentials` for a source that envseal does not have, or that gives no token. */
export async function subjectTokenOf(file: CredentialFile, sources: TokenSources): Promise<string> {
  const source = sourceIn(file.fields);
  if (source.certificate) {
    throw because(
      `${file.name} requires a client certificate, which envseal does not send`,
      'use a provider with a token from a file, a URL or AWS',
    );
  }
  if (source.environment_id) return await (await import('./aws-subject.ts')).fromAws(file, sources);
  if (source.executable) return await fromProgram(file, sources);
  const read = readerOf(file);
  if (isFilled(source.file) === isFilled(source.url)) throw incomplete(file, 'credential_source');
  return isFilled(source.file)
    ? fromFile(source.file, file, read, sources)
    : await fromUrl(source, file, read, sources);
}

async function fromProgram(file: CredentialFile, sources: TokenSources): Promise<string> {
  if (sources.variables.GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES !== '1') {
    throw because(
      `${file.name} requires running a program, which is not allowed`,
      'allow it with GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1',
    );
  }
  const { runProgram } = await import('../library.ts');
  return await runProgram(file, sources);
}

/** The token in what a file or a URL holds; `undefined` where there is none. */
type Read = (text: string) => string | undefined;

/** As text it is sent with all its bytes, the line break at the end included. */
function readerOf(file: CredentialFile): Read {
  const format = (sourceIn(file.fields).format ?? {}) as CredentialFields;
  const { type = 'text', subject_token_field_name: field } = format;
  if (type === 'text') return (text) => filled(text);
  if (type === 'json' && isFilled(field)) return (text) => filled(parseObject(text)?.[field]);
  throw incomplete(file, 'credential_source.format');
}

function filled(value: unknown): string | undefined {
  return isFilled(value) ? value : undefined;
}

function fromFile(path: string, { name }: CredentialFile, read: Read, { system }: TokenSources): string {
  let cause: unknown;
  let reason = 'no token in it';
  try {
    const bytes = system.readFileAtOnce(toByteString(path), MAX_TOKEN_BYTES + 1);
    if (bytes === undefined) reason = 'not a file';
    else if (bytes.length > MAX_TOKEN_BYTES) reason = `over ${MAX_TOKEN_BYTES} bytes`;
    else {
      const token = read(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      if (token !== undefined) return token;
    }
  } catch (error) {
    if (error instanceof ErrnoError) reason = error.errno;
    cause = error;
  }
  throw because(
    `cannot read the workload identity token in ${showPath(path)}: ${reason}`,
    `credential_source of ${name} names it; check that it exists in the container`,
    cause,
  );
}

async function fromUrl(
  source: CredentialFields,
  file: CredentialFile,
  read: Read,
  sources: TokenSources,
): Promise<string> {
  const url = urlIn(file, 'credential_source.url', source.url);
  const request = { method: 'GET', url, headers: headersIn(file) };
  const { text } = await askForToken(request, sources, (refused) => explainRefusedToken(refused, file));
  const token = read(text);
  if (token !== undefined) return token;
  throw because(`no workload identity token for ${file.name}`, SOURCE_HINT);
}

/** Names and values that end no header. */
function headersIn(file: CredentialFile): Record<string, string> {
  const headers = sourceIn(file.fields).headers ?? {};
  const isObject = typeof headers === 'object' && !Array.isArray(headers);
  if (!isObject || !Object.entries(headers).every(isHeader))
    throw incomplete(file, 'credential_source.headers');
  return headers as Record<string, string>;
}

function isHeader([name, value]: readonly [string, unknown]): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === 'string' && /^[\x20-\x7e]*$/.test(value);
}
