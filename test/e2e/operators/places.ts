/** What the operators' commands are tried with: the same commands at every store. */
import { expect } from 'vitest';
import { parse } from '../../../src/envfile/parse.ts';
import { CLOUD_KMS_KEY, kmsKeyArn } from '../../servers/start.ts';
import { folder } from '../folder.ts';
import { envseal, type Outcome } from '../program.ts';
import { AGE_KEY, type Clouds, envFor, type Need, type Scheme } from '../sealed.ts';
import { CANARY, type Env, opened } from '../transcript.ts';

export interface Place {
  /** A file that is not there yet. */
  readonly uri: string;
  readonly env: Env;
  /** What seals here, and opens again. */
  readonly seal: readonly string[];
  readonly sealing: 'sse-kms' | 'cmek' | 'sops';
  readonly key: string;
  /** Whether the store keeps versions. */
  readonly isVersioned: boolean;
}

interface PlaceRow extends Omit<Place, 'uri' | 'env'> {
  readonly needs: readonly Need[];
  readonly uri: (name: string) => string;
}

export const STORES: Readonly<Record<Scheme, PlaceRow>> = {
  s3: {
    uri: (name) => `s3://snacks/${name}`,
    needs: ['aws'],
    seal: ['--kms-key', kmsKeyArn()],
    sealing: 'sse-kms',
    key: kmsKeyArn(),
    isVersioned: true,
  },
  gs: {
    uri: (name) => `gs://snacks/${name}`,
    needs: ['google'],
    seal: ['--kms-key', CLOUD_KMS_KEY],
    sealing: 'cmek',
    key: CLOUD_KMS_KEY,
    isVersioned: true,
  },
  file: {
    uri: (name) => `${folder({})}/${name}`,
    needs: ['age'],
    seal: ['--age', AGE_KEY.key],
    sealing: 'sops',
    key: AGE_KEY.key,
    isVersioned: false,
  },
};

export const SCHEMES = Object.keys(STORES) as Scheme[];

/** A place of a store, in a bucket that keeps versions. */
export async function placeIn(clouds: Clouds, scheme: Scheme, name = 'env'): Promise<Place> {
  const { uri, needs, ...row } = STORES[scheme];
  if (scheme === 's3') await clouds.s3.bucket('snacks', { versioning: 'Enabled' });
  if (scheme === 'gs') await clouds.gcs.bucket('snacks', { versioning: true });
  return { ...row, uri: uri(name), env: envFor(clouds, needs) };
}

export const FILE = `# of the team ${CANARY}\nDB_URL=postgres://${CANARY}@db/1   # where\n\nTOKEN='${CANARY} #1'\n`;

/** Runs a command that ends well, and says nothing but on stdout: no value anywhere. */
export async function does(args: readonly string[], env: Env, stdin = ''): Promise<string> {
  const outcome = await envseal(args, { env, stdin });
  expectNoValue(outcome);
  expect(outcome).toEqual({ ...outcome, status: 0, signal: null, stderr: '' });
  return outcome.stdout;
}

/** The same with `--json`. */
export async function answers(
  args: readonly string[],
  env: Env,
  stdin = '',
): Promise<Record<string, unknown>> {
  return JSON.parse(await does([...args, '--json'], env, stdin)) as Record<string, unknown>;
}

/** Runs a command that is refused: its status, and what it says. */
export async function refuses(
  args: readonly string[],
  env: Env,
  stdin = '',
): Promise<{ status: number | null; stderr: string }> {
  const { status, stdout, stderr } = await envseal(args, { env, stdin });
  expectNoValue({ stdout, stderr });
  return { status, stderr };
}

export function expectNoValue({ stdout, stderr }: Pick<Outcome, 'stdout' | 'stderr'>): void {
  expect(stdout).not.toContain(CANARY);
  expect(stderr).not.toContain(CANARY);
}

/** Stores an env file at a place. */
export async function pushed(place: Place, text = FILE): Promise<Record<string, unknown>> {
  return await answers(['push', ...place.seal, '-', place.uri], place.env, text);
}

/** What a container gets of it: what has changed is seen by who it is for. */
export async function variablesAt(
  { uri, env }: Pick<Place, 'uri' | 'env'>,
  args: readonly string[] = [],
): Promise<Record<string, string>> {
  return await opened([...args, '-s', uri], env);
}

export function variablesOf(text: string): Record<string, string> {
  const entries = parse(Buffer.from(text), { dialect: 'dotenv', source: 'test' });
  return Object.fromEntries(entries.map(({ name, value }) => [name, value.reveal()]));
}

/** A line for a shell, with the variables that an editor does not inherit. */
export function shellLine(words: readonly string[], env: Env): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    'env',
    ...Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`),
    ...words.map(quote),
  ].join(' ');
}
