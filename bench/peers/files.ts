/** The local files of peers that open one: each made once for a number of variables. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { dotenv, VARIABLE_COUNTS, variablesOf } from '../objects.ts';
import { sealForAge, sealForKms } from '../sealed.ts';
import type { Workbench } from '../workbench.ts';

const ENCRYPT_MS = 60_000;
const identity = await generateX25519Identity();

export const SOPS_AGE_KEY = identity;

/** Before the first start: the other functions here only name what it made, but for dotenvx's. */
export async function makeFiles(bench: Workbench): Promise<void> {
  const recipient = await identityToRecipient(identity);
  for (const count of VARIABLE_COUNTS) {
    bench.file(`kms-${count}.env`, await sealForKms(variablesOf(count)));
    bench.file(`age-${count}.env`, await sealForAge(variablesOf(count), recipient));
    bench.file(`plain-${count}.env`, dotenv(variablesOf(count)));
  }
}

export function localFile(bench: Workbench, kind: 'kms' | 'age' | 'plain', variables: number): string {
  return `${bench.folder}/${kind}-${variables}.env`;
}

export interface DotenvxFile {
  readonly path: string;
  readonly privateKey: string;
}

const made = new Map<number, DotenvxFile>();

/**
 * Sealed by dotenvx itself, one variable: to seal thousands takes it minutes, and as all have the same value, the one
 * ciphertext serves for all. The private key is taken out of the folder, as in production.
 */
export function dotenvxFile(bench: Workbench, program: string, variables: number): DotenvxFile {
  const before = made.get(variables);
  if (before !== undefined) return before;
  const folder = `${bench.folder}/dotenvx-${variables}`;
  const path = `${folder}/.env`;
  mkdirSync(folder);
  writeFileSync(path, dotenv(variablesOf(1)));
  execFileSync(process.execPath, [program, 'encrypt', '-f', path], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOME: bench.folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: ENCRYPT_MS,
  });
  const ciphertext = /^VARIABLE_0=(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
  const others = variablesOf(variables).slice(1);
  appendFileSync(path, `\n${others.map(([name]) => `${name}=${ciphertext}\n`).join('')}`);
  const keys = readFileSync(`${folder}/.env.keys`, 'utf8');
  rmSync(`${folder}/.env.keys`);
  const file = { path, privateKey: /^DOTENV_PRIVATE_KEY="?([0-9a-f]+)/m.exec(keys)?.[1] ?? '' };
  made.set(variables, file);
  return file;
}
