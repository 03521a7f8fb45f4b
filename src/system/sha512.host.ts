/** The same by the host. */
import { natives } from '../platform/callbacks.ts';

export const sha512 = async (bytes: Uint8Array): Promise<Uint8Array> => natives.digest('SHA-512', bytes);
