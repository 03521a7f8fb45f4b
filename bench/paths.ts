/** Locations of the bench's files. */
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What is built and installed for the bench, and may be deleted. */
export const CACHE = `${ROOT}.cache/bench`;
export const NODE = process.execPath;
