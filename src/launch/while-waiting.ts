/**
 * Does it once there is nothing else to do, unless the function that is returned is called before: when what was waited
 * for is there at once, it would only be in the way. The second turn is for what the first one found to have come.
 */
export function whileWaiting(action: () => void): () => void {
  let turn = setImmediate(() => {
    turn = setImmediate(action);
  });
  return () => clearImmediate(turn);
}
