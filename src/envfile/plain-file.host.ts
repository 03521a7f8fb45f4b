/** The same by the host. */
import { natives } from '../platform/callbacks.ts';
import type { ReadPlainFile } from './plain-file.ts';

export const readPlainFile: ReadPlainFile = (bytes, unless) => natives.plainFile(bytes, unless);
