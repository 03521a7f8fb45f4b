/** The only formatter of errors: two lines of text at most, or one of JSON. */
import { EnvsealError, type ErrorCode, EXIT_STATUS } from '../errors.ts';

export type LogFormat = 'text' | 'json';

export interface Report {
  readonly text: string;
  readonly exitStatus: number;
}

/** An EnvsealError, or the report of a signal. */
export interface Warning {
  readonly code: ErrorCode | 'signal';
  readonly message: string;
  readonly hint: string | undefined;
}

/** The reportable part of an error. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

/** An error that is not ours is never quoted: its text or its properties could hold a value. */
export function report(error: unknown, format: LogFormat): Report {
  return reportProblem(error instanceof EnvsealError ? error : internal(), format);
}

/** Takes a plain object because constructing an Error is slow in an interpreter. */
export function reportProblem(problem: Problem, format: LogFormat): Report {
  const { code, message, hint } = problem;
  return toReport({ code, message, hint, exitStatus: EXIT_STATUS[code] }, format);
}

function internal(): Problem {
  return {
    code: 'internal',
    message: 'internal error',
    hint: 'this is a bug: report it with the version and the command, without any values',
  };
}

/** A signal that ended envseal: for `run`, before there was a command to receive it. */
export function reportSignal(
  signal: string,
  { number, isStart }: { readonly number: number; readonly isStart: boolean },
  format: LogFormat,
): Report {
  const message = `ended by ${signal}${isStart ? ' before the command was started' : ''}`;
  return toReport({ code: 'signal', message, hint: undefined, exitStatus: 128 + number }, format);
}

/** A warning, which does not keep the command from starting: one line. */
export function reportWarning({ code, message, hint }: Warning, format: LogFormat): string {
  const text = hint === undefined ? message : `${message} (${hint})`;
  return format === 'json'
    ? `${JSON.stringify({ level: 'warning', code, message: oneLine(text) })}\n`
    : `envseal: warning: ${oneLine(text)}\n`;
}

interface Ending extends Warning {
  readonly exitStatus: number;
}

function toReport({ code, message, hint, exitStatus }: Ending, format: LogFormat): Report {
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
