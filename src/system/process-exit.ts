/** The process's own end, for the parts of commands that change what outlives it: a terminal's modes, a folder. */

/**
 * Runs `action`, which must not wait, when the process ends by `process.exit`: after a signal, an error or success.
 * Returns what takes it back.
 */
export function atExit(action: () => void): () => void {
  process.on('exit', action);
  return () => process.off('exit', action);
}

/**
 * Lets signals pass that a terminal sends to all its foreground processes: they are for the child that has the terminal.
 * Handled, not ignored, because a child would inherit that. Returns what takes it back.
 */
export function leaveToChild(signals: readonly NodeJS.Signals[]): () => void {
  const pass = () => {};
  const before = signals.map((signal) => [signal, process.listeners(signal)] as const);
  for (const signal of signals) {
    // First the new one: without any the signal would end us.
    process.on(signal, pass);
    for (const listener of process.listeners(signal)) if (listener !== pass) process.off(signal, listener);
  }
  return () => {
    for (const [signal, listeners] of before) {
      for (const listener of listeners) process.on(signal, listener);
      process.off(signal, pass);
    }
  };
}

/** Does what a signal from outside would do. */
export function raise(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}
