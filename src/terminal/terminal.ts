/** The terminal behind the standard file descriptors. */
import { isatty, WriteStream } from 'node:tty';

export type StandardFd = 0 | 1 | 2;

export interface Terminal {
  /** Whether TERM promises nothing but lines. */
  readonly isDumb: boolean;
  isTerminal(fd: StandardFd): boolean;
  /** Now: a window changes its size. `undefined` for no terminal, and for one that does not know. */
  columns(fd: StandardFd): number | undefined;
  /** Whether the cursor can be moved, so that a line can be drawn again. */
  canRedraw(fd: StandardFd): boolean;
  /** Whether to use colours; NO_COLOR forbids them. https://no-color.org */
  hasColour(fd: StandardFd): boolean;
}

export function openTerminal(variables: Readonly<Record<string, string | undefined>>): Terminal {
  const { TERM = '', NO_COLOR = '' } = variables;
  const isDumb = TERM === '' || TERM === 'dumb';
  const canRedraw = (fd: StandardFd) => isatty(fd) && !isDumb;
  return {
    isDumb,
    isTerminal: isatty,
    columns: readColumns,
    canRedraw,
    hasColour: (fd) => canRedraw(fd) && NO_COLOR === '',
  };
}

function readColumns(fd: StandardFd): number | undefined {
  if (!isatty(fd)) return undefined;
  // A stream keeps the size it had when it was made. Destroying one leaves the standard descriptors open.
  const stream = new WriteStream(fd);
  const [columns] = stream.getWindowSize();
  stream.destroy();
  // A serial line or a terminal without a window says 0.
  return columns > 0 ? columns : undefined;
}
