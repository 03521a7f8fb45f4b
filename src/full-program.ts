/** What only the full program has: thrown by the stand-ins in the small executable's bundle, before anything is sent. */
export class NeedsFullProgram extends Error {
  override readonly name = 'NeedsFullProgram';
  /** For people: the feature, as in "credentials from a program". */
  readonly what: string;

  constructor(what: string) {
    super(`needs the full program: ${what}`);
    this.what = what;
  }
}
