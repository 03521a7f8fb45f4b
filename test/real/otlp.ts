/**
 * A receiver of OTLP logs in JSON that reads them with OpenTelemetry's own protobuf messages: it keeps the test server's
 * idea of them honest. Like protobuf, it is laxer than that one: it takes 64-bit numbers that are not strings.
 */
import { available } from './available.ts';
import { freePort, startHeld } from './held-process.ts';
import { pinnedProgram } from './programs.ts';

const LIFETIME_SECONDS = 15 * 60;

export interface OtlpCollector extends AsyncDisposable {
  /** Takes POST at `/v1/logs`; 400 says what protobuf did not like. */
  readonly endpoint: string;
  /** Every ExportLogsServiceRequest that it took, in JSON. */
  received(): Promise<unknown[]>;
  /** Resolves when the processes have ended; may be called again. */
  stop(): Promise<void>;
}

/** Takes a third of a second and 25 MB. It ends with the process that started it, and after `LIFETIME_SECONDS`. */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const missing = available('otlp');
  if (missing !== undefined) throw new Error(missing);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = await startHeld('otlp.sh', [pinnedProgram('otlp'), `${port}`, `${LIFETIME_SECONDS}`]);
  const received = async () => (await (await fetch(`${endpoint}/received`)).json()) as unknown[];
  return { endpoint, received, stop, [Symbol.asyncDispose]: stop };
}
