/** The same by the host. */
import { natives } from '../platform/callbacks.ts';
import type { FindPlainLines } from './plain-lines.ts';

export const plainLines: FindPlainLines = (text) => natives.plainLines(text);
