/**
 * Timers and immediates. As in Node, what one of them leaves for later (a promise's reactions) runs before the next one:
 * so a turn runs one of them, and the host comes back at once while another is due.
 */

/** As in Node and browsers, more than this is taken for 1. */
const MAX_DELAY_MS = 2 ** 31 - 1;

interface Timer {
  readonly id: number;
  /** On the host's clock, in ms. */
  dueMs: number;
  readonly intervalMs: number | undefined;
  readonly action: () => void;
}

/** The earliest first; of equal ones, the one that was set first. */
const timers: Timer[] = [];
const immediates: Timer[] = [];
let lastId = 0;
let now: () => number = () => performance.now();

/** Sets the clock that `runTimers` is given the time of. */
export function useClock(clock: () => number): void {
  now = clock;
}

export function setTimeout<Arguments extends unknown[]>(
  action: (...given: Arguments) => void,
  delayMs?: number,
  ...given: Arguments
): number {
  check(action);
  return add(() => action(...given), delayMs, false);
}

export function setInterval<Arguments extends unknown[]>(
  action: (...given: Arguments) => void,
  delayMs?: number,
  ...given: Arguments
): number {
  check(action);
  return add(() => action(...given), delayMs, true);
}

export function clearTimeout(id?: unknown): void {
  remove(timers, id);
}

export function setImmediate<Arguments extends unknown[]>(
  action: (...given: Arguments) => void,
  ...given: Arguments
): number {
  check(action);
  lastId += 1;
  immediates.push({ id: lastId, dueMs: 0, intervalMs: undefined, action: () => action(...given) });
  return lastId;
}

export function clearImmediate(id?: unknown): void {
  remove(immediates, id);
}

/** Runs what is due first, and gives how long nothing is, in ms: 0 while there is more, below 0 for ever. */
export function runTimers(timeMs: number): number {
  const due = (timers[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= timeMs ? timers.shift() : immediates.shift();
  if (due === undefined) return waitMs(timeMs);
  if (due.intervalMs !== undefined) insert({ ...due, dueMs: timeMs + due.intervalMs });
  due.action();
  return 0;
}

function waitMs(timeMs: number): number {
  const first = timers[0];
  return first === undefined ? -1 : Math.max(0, first.dueMs - timeMs);
}

function add(action: () => void, delayMs: number | undefined, isRepeated: boolean): number {
  const ms = Number(delayMs);
  // Not a number is 1, too.
  const delay = ms >= 1 && ms <= MAX_DELAY_MS ? Math.trunc(ms) : 1;
  lastId += 1;
  insert({ id: lastId, dueMs: now() + delay, intervalMs: isRepeated ? delay : undefined, action });
  return lastId;
}

function insert(timer: Timer): void {
  let at = timers.length;
  while (at > 0 && (timers[at - 1] as Timer).dueMs > timer.dueMs) at -= 1;
  timers.splice(at, 0, timer);
}

function remove(all: Timer[], id: unknown): void {
  const at = all.findIndex((timer) => timer.id === id);
  if (at >= 0) all.splice(at, 1);
}

function check(action: unknown): void {
  if (typeof action !== 'function') throw new TypeError('the callback is not a function');
}
