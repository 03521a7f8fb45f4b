/** `npm run demo -- --keep`: the S3 server stays, and the terminal shows what to try on it. */
import { LONGEST_LIFE_MS } from '../../test/servers/http/lifecycle.ts';
import type { S3Server } from '../../test/servers/start.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The server's own time is over a moment before. */
export const KEEP_MS = LONGEST_LIFE_MS;

/** Resolves with the first of: a signal to stop, the end of the time, the end of the server. A second signal kills. */
export async function untilStopped({ gone }: Pick<S3Server, 'gone'>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  for (const signal of STOP_SIGNALS) process.on(signal, resolve);
  try {
    await Promise.race([promise, gone]);
  } finally {
    clearTimeout(timer);
    for (const signal of STOP_SIGNALS) process.off(signal, resolve);
  }
}

/** Lines to paste into a shell, so that what is below works there. */
export function setUp(program: readonly string[], variables: Readonly<Record<string, string>>): string[] {
  return [
    // A token or a profile of the user's own does not go with the demo's key.
    'unset AWS_PROFILE AWS_SESSION_TOKEN',
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`),
    `alias envseal=${quote(program.map(quote).join(' '))}`,
  ];
}

/** Each works as it stands, after those before it and without them. */
export const TO_TRY: readonly string[] = [
  `envseal run -- sh -c 'echo "$DB_HOST, a password of \${#DB_PASSWORD} characters"'`,
  'envseal list s3://snacks/dev/env',
  'echo db2.internal | envseal set s3://snacks/dev/env DB_HOST',
  'envseal history s3://snacks/dev/env',
];

function quote(word: string): string {
  return /^[\w./:=@+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
