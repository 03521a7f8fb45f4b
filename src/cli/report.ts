/** The only formatter of errors: two lines of text at most, or one of JSON. */
import { EnvsealError, type ErrorCode } from '../errors.ts';

export type LogFormat = 'text' | 'json';

export interface Report {
  readonly text: string;
  readonly exitStatus: number;
}

/** An EnvsealError, or what is told when a signal comes. */
export interface Warning {
  readonly code: ErrorCode | 'signal';
  readonly message: string;
  readonly hint: string | undefined;
}

const INTERNAL = new EnvsealError('internal', 'internal error', {
  hint: 'this is a bug: report it with the version and the command, without any values',
});

/** An error that is not ours is never quoted: its text or its properties could hold a value. */
export function report(error: unknown, format: LogFormat): Report {
  return toReport(error instanceof EnvsealError ? error : INTERNAL, format);
}

/** A signal that ended us: at a start, before there was a command to get it. */
export function reportSignal(
  signal: string,
  { number, isStart }: { readonly number: number; readonly isStart: boolean },
  format: LogFormat,
): Report {
  const message = `ended by ${signal}${isStart ? ' before the command was started' : ''}`;
  return toReport({ code: 'signal', message, hint: undefined, exitStatus: 128 + number }, format);
}

/** What does not keep the command from starting: one line. */
export function reportWarning({ code, message, hint }: Warning, format: LogFormat): string {
  const text = hint === undefined ? message : `${message} (${hint})`;
  return format === 'json'
    ? `${JSON.stringify({ level: 'warning', code, message: oneLine(text) })}\n`
    : `envseal: warning: ${oneLine(text)}\n`;
}

interface Problem extends Warning {
  readonly exitStatus: number;
}

function toReport({ code, message, hint, exitStatus }: Problem, format: LogFormat): Report {
  if (format === 'json') {
    const hintField = hint === undefined ? {} : { hint: oneLine(hint) };
    const line = { level: 'error', code, message: oneLine(message), ...hintField, exitStatus };
    return { text: `${JSON.stringify(line)}\n`, exitStatus };
  }
  const lines = [`envseal: error: ${message}`, ...(hint === undefined ? [] : [`envseal: hint: ${hint}`])];
  return { text: lines.map((line) => `${oneLine(line)}\n`).join(''), exitStatus };
}

/** Names and URIs can hold any character, and a line must stay one line, without control over the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}
