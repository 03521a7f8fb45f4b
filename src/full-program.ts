/** What the small executable leaves to the full program, which is the same TypeScript on Node with the official SDKs. */
import { EnvsealError } from './errors.ts';

/**
 * Thrown before anything is sent for it, so that the full program can start afresh. Where that program is not at hand,
 * this is the error to report. It stays what it is on its way up: only the edge can act on it.
 */
export class NeedsFullProgram extends EnvsealError {
  /** A noun phrase in the plural, such as `AWS SSO profiles`. */
  readonly what: string;

  constructor(what: string) {
    super('configuration', `the small executable does not support ${what}`, {
      hint: 'use the full program: the image envseal:cli, or the npm package envseal on Node',
    });
    this.what = what;
  }

  override about(_subject: string): this {
    return this;
  }
}
