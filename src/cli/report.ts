/** The only formatter of errors: two lines of text at most, or one of JSON. */
import { EnvsealError } from '../errors.ts';

export type LogFormat = 'text' | 'json';

export interface Report {
  readonly text: string;
  readonly exitStatus: number;
}

const INTERNAL = new EnvsealError('internal', 'internal error', {
  hint: 'this is a bug: report it with the version and the command, without any values',
});

/** An error that is not ours is never quoted: its text or its properties could hold a value. */
export function report(error: unknown, format: LogFormat): Report {
  const { code, message, hint, exitStatus } = error instanceof EnvsealError ? error : INTERNAL;
  if (format === 'json') {
    const line = {
      level: 'error',
      code,
      message: oneLine(message),
      ...(hint === undefined ? {} : { hint }),
      exitStatus,
    };
    return { text: `${JSON.stringify(line)}\n`, exitStatus };
  }
  const lines = [`envseal: error: ${message}`, ...(hint === undefined ? [] : [`envseal: hint: ${hint}`])];
  return { text: lines.map((line) => `${oneLine(line)}\n`).join(''), exitStatus };
}

/** Names and URIs can hold any character, and a line must stay one line, without control over the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}
