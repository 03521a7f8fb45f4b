/** Progress of long work: one line that is redrawn, and erased at the end. */
import { cutText, displayWidth, makeVisible } from './text.ts';

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Whether a line can be drawn again there. Where it cannot, as in a log, nothing is written. */
  readonly isTerminal: boolean;
  /** Asked before each drawing, because a window changes its size. */
  readonly columns: () => number | undefined;
  readonly total: number;
  /** What is counted, such as `rotating`. */
  readonly label: string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

/** Drawing more often than this is not visible and slows a slow terminal down. */
const REDRAW_MS = 100;
/** Width of a terminal that does not report one. */
const USUAL_COLUMNS = 80;
/** A short bar rarely has to be wrapped by a window that becomes narrower. */
const MAX_BAR_COLUMNS = 30;
const MIN_BAR_COLUMNS = 5;
/** To the start of the line, and erase it. https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
const ERASE_LINE = '\r\u001b[K';

export class Progress {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  #done = 0;
  #isDrawn = false;
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** Draws the beginning. */
  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#draw();
  }

  advance(steps = 1): void {
    this.#done += steps;
    if (this.#now() - this.#drawnAt >= REDRAW_MS) this.#draw();
  }

  /** Erases the line: at the end, and before anything else is written. `advance` draws it again. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#options.write(ERASE_LINE);
    this.#isDrawn = false;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #draw(): void {
    const { write, isTerminal, columns, total, label } = this.#options;
    if (!isTerminal) return;
    // The last column stays free: a terminal would begin a new line there.
    write(ERASE_LINE + formatProgress(label, this.#done, total, (columns() ?? USUAL_COLUMNS) - 1));
    this.#isDrawn = true;
    this.#drawnAt = this.#now();
  }
}

/** `rotating [#######       ] 12/50`, within `width` columns. */
export function formatProgress(label: string, done: number, total: number, width: number): string {
  const count = `${String(done).padStart(String(total).length)}/${total}`;
  const name = makeVisible(label);
  const room = width - displayWidth(name) - count.length - ' [] '.length;
  if (room < MIN_BAR_COLUMNS) return cutText(`${name} ${count}`, width, 'middle');
  const columns = Math.min(room, MAX_BAR_COLUMNS);
  const filled = Math.floor(columns * Math.min(1, total > 0 ? done / total : 1));
  return `${name} [${'#'.repeat(filled)}${' '.repeat(columns - filled)}] ${count}`;
}
