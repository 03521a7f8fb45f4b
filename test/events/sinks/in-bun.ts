/** Run by Bun, `in-bun.ts SECONDS URI…`: sends one event to each URI, and prints why it did not arrive, or `null`. */
import { accessEvent } from '../../../src/events/event.ts';
import type { SinkContext } from '../../../src/events/sink.ts';
import { makeSink } from '../../../src/events/sinks.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { Http } from '../../../src/net/http.ts';
import { loadBun } from '../../../src/system/bun.ts';
import { ACCESS } from '../samples.ts';

const { SSL_CERT_FILE } = process.env;
const variables = SSL_CERT_FILE === undefined ? {} : { SSL_CERT_FILE };
const system = loadBun();
const http = new Http({ system, variables, allowInsecureEndpoint: false });
const context = { http, system, variables } as unknown as SinkContext;
const [seconds, ...uris] = process.argv.slice(2);
const outcomes = uris.map(async (uri) => {
  const deadline = new Deadline(Number(seconds));
  try {
    const sink = await makeSink(uri, context);
    await sink.deliver([accessEvent('s3://snacks/prod/env', ACCESS, Date.now())], deadline);
    return null;
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  } finally {
    deadline.clear();
  }
});
console.log(JSON.stringify(await Promise.all(outcomes)));
