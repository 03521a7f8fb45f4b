/** The same by the host. */
import { natives } from '../platform/callbacks.ts';
import type { ReadPlainFile } from './plain-file.ts';

export const readPlainFile: ReadPlainFile = (text) => natives.plainFile(text);
