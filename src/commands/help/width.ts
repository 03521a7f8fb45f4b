/** How wide help is. */
import type { Variables } from '../../host.ts';
import { openTerminal, type StandardFd } from '../../terminal/terminal.ts';

/** Where nothing says how wide it is, in columns. */
const USUAL_COLUMNS = 80;

export function helpWidth(fd: StandardFd, variables: Variables): number {
  return openTerminal(variables).columns(fd) ?? USUAL_COLUMNS;
}
