/**
 * DOMException. <https://webidl.spec.whatwg.org/#idl-DOMException> QuickJS has one, with 50 constants that each start would
 * define and nothing here reads.
 */
export class DOMException extends Error {
  override readonly name: string;

  constructor(message = '', name = 'Error') {
    super(message);
    this.name = String(name);
  }

  /** Only for the names that had a code before there were names. */
  get code(): number {
    switch (this.name) {
      case 'NotSupportedError':
        return 9;
      case 'SyntaxError':
        return 12;
      case 'InvalidAccessError':
        return 15;
      case 'TypeMismatchError':
        return 17;
      case 'AbortError':
        return 20;
      case 'QuotaExceededError':
        return 22;
      case 'TimeoutError':
        return 23;
      default:
        return 0;
    }
  }
}
