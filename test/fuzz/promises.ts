/** Helpers of all checks of the fuzz targets. */
import { EnvsealError } from '../../src/errors.ts';

export const SOURCE = 's3://bucket/key';
/** Text that no message of ours holds, nor three characters of it. */
const CANARY = 'Zq7vXj0wKp';
const CANARY_PIECE = 3;

/** Reports to the fuzzer what came of an input, if it asks: it looks for new outcomes. */
export function reached(outcome: string): void {
  const { envsealOutcome } = globalThis as { envsealOutcome?: (outcome: string) => void };
  envsealOutcome?.(outcome.replaceAll(/\d+/g, '0'));
}

/** What an action gives; `undefined` where it refuses, which is one of our errors or a broken promise. */
export function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw new Error(`throws ${String(error)}`, { cause: error });
    reached(`${error.message}\n${error.hint}`);
    checkSame('the code', error.code, 'malformed');
    checkSilent(`${error.message}\n${error.hint}\n${JSON.stringify(error)}`);
    return undefined;
  }
}

/** With a canary in a place that the bytes choose, so that what is refused there is next to it. */
export function* withCanary(bytes: Uint8Array): Generator<Uint8Array> {
  const canary = new TextEncoder().encode(CANARY);
  const chosen = bytes.reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7) % (bytes.length + 1);
  for (const at of new Set([0, chosen, bytes.length]))
    yield Uint8Array.of(...bytes.subarray(0, at), ...canary, ...bytes.subarray(at));
}

function checkSilent(text: string): void {
  const heard = text.toLowerCase();
  for (let at = 0; at + CANARY_PIECE <= CANARY.length; at += 1) {
    const piece = CANARY.slice(at, at + CANARY_PIECE).toLowerCase();
    if (heard.includes(piece)) throw new Error(`a message holds text of the file: ${text}`);
  }
}

export function checkSame(what: string, found: unknown, expected: unknown): void {
  const [first, second] = [JSON.stringify(found), JSON.stringify(expected)];
  if (first !== second) throw new Error(`${what}: ${first} instead of ${second}`);
}

export function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`);
}
