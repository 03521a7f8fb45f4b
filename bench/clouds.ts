/** The bench's server: `bench/server`, in a process of its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { serverCertificate } from '../test/servers/tls/certificate.ts';
import type { StoredObject } from './objects.ts';

/** Since the change before. */
export interface Counts {
  readonly requests: number;
  readonly connections: number;
  /** Both ways, headers and TLS included. */
  readonly bytes: number;
}

export interface Faults {
  /** Before each answer. */
  readonly delayMs?: number;
  /** Each so-manyth request for an object or a key gets 503 SlowDown. */
  readonly throttleOneIn?: number;
}

export interface Clouds extends AsyncDisposable {
  readonly http: string;
  readonly https: string;
  /** Sets the counts to zero, and returns what they were. */
  change(faults?: Faults): Promise<Counts>;
}

/** It ends with this process, too: its stdin closes. */
export async function startClouds(
  server: string,
  objects: Readonly<Record<string, StoredObject>>,
): Promise<Clouds> {
  const child = spawn(server, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (question: object) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('the benchmark server exited');
    return JSON.parse(value);
  };
  const { cert, key } = serverCertificate();
  const encoded = Object.entries(objects).map(([name, { body, checksum }]) => [
    name,
    { body: Buffer.from(body).toString('base64'), checksum },
  ]);
  const urls = await ask({ objects: Object.fromEntries(encoded), certificate: cert, privateKey: key });
  return {
    ...urls,
    change: (faults: Faults = {}) => ask(faults),
    [Symbol.asyncDispose]: () => {
      child.stdin.end();
      return ended;
    },
  };
}
