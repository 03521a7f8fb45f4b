/** The machine of a run, for its caption. */
import { cpus, totalmem } from 'node:os';

export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
