/**
 * What the container executable leaves to the full program, which is the same TypeScript on Node with the official SDKs:
 * rare ways to credentials and places, and the commands of operators. Where that program lies beside the executable, it
 * starts afresh with the same arguments.
 */
import { EnvsealError } from './errors.ts';

const HINT = 'use the full program: the image envseal:cli, or npx envseal with Node 24 or later';

/**
 * Thrown before anything is sent for it, so that the full program can start afresh. If that program is not
 * available, this is the error to report. It stays what it is on its way up: only the edge can act on it.
 */
export class NeedsFullProgram extends EnvsealError {
  /** A noun phrase, such as `AWS SSO profiles` or `envseal push`. */
  readonly what: string;

  constructor(what: string) {
    super('configuration', `the container executable does not support ${what}`, { hint: HINT });
    this.what = what;
  }

  override about(): this {
    return this;
  }

  override final(): this {
    return this;
  }
}
