/**
 * fake-gcs-server: a Google Cloud Storage that others wrote, with generations and conditional writes. It asks
 * no one for a token, encrypts nothing and keeps no key's name.
 */
import { available } from './available.ts';
import { freePort, startHeld } from './held-process.ts';
import { pinnedProgram } from './programs.ts';

const LIFETIME_SECONDS = 15 * 60;

export interface FakeGcs extends AsyncDisposable {
  /** For the JSON API, and for the XML API with the bucket in the path. */
  readonly endpoint: string;
  /** Resolves when the processes have ended; may be called again. */
  stop(): Promise<void>;
}

/** Takes a tenth of a second and 35 MB. It ends with the process that started it, and after `LIFETIME_SECONDS`. */
export async function startFakeGcs(): Promise<FakeGcs> {
  const missing = available('fake-gcs');
  if (missing !== undefined) throw new Error(missing);
  const port = await freePort();
  const stop = await startHeld('fake-gcs.sh', [pinnedProgram('fake-gcs'), `${port}`, `${LIFETIME_SECONDS}`]);
  return { endpoint: `http://127.0.0.1:${port}`, stop, [Symbol.asyncDispose]: stop };
}
