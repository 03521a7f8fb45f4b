/**
 * The host's functions, and what its loop calls. The global is taken away, so that nothing else finds it. Loaded by Node,
 * as tests do, there is none.
 */
import type { Callbacks, Natives, NetEvent } from './natives.ts';
import { runTimers } from './timers.ts';

const found = globalThis as { envsealHost?: Natives };
export const natives = found.envsealHost as Natives;
delete found.envsealHost;

const signalActions = new Map<number, () => void>();
let rejectedAction: (reason: unknown) => void = () => {};
let netHandler: (event: NetEvent) => void = () => {};

/** The action for a signal; the latest wins. The host sends those that `catchSignal` asked for. */
export function onSignal(number: number, action: () => void): void {
  signalActions.set(number, action);
}

/** What is done with the reason of a promise that was rejected and that nothing handles, before the process ends with 70. */
export function onRejected(action: (reason: unknown) => void): void {
  rejectedAction = action;
}

export function onNet(handler: (event: NetEvent) => void): void {
  netHandler = handler;
}

export const callbacks: Callbacks = {
  turn: () => reporting(() => runTimers(natives.now())),
  signal: (number) => reporting(() => signalActions.get(number)?.()),
  rejected: (reason) => rejectedAction(reason),
  net: (...event) => reporting(() => netHandler(event)),
};

/** What a timer or a handler throws is reported as what a promise is rejected with. */
function reporting<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    rejectedAction(error);
    throw error;
  }
}
