/** The server's time, which a test can set wrong. */
export class Clock {
  offsetMs = 0;

  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** As in the `Date` header: `Tue, 01 Jan 2030 00:00:00 GMT`. */
  httpDate(): string {
    return new Date(this.now()).toUTCString();
  }
}
