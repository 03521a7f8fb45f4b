/**
 * A command that works on files that are not there: it reports what its command line says it does to them.
 * `did WHAT` on stdout is what people get to see.
 */

import { startChangeRecording } from '../../src/audit/record-changes.ts';
import { readSettings, splitCommandLine } from '../../src/cli/arguments.ts';
import { report, reportSignal } from '../../src/cli/report.ts';
import { Stores } from '../../src/clients/clients.ts';
import { EnvsealError } from '../../src/errors.ts';
import { newAttempt } from '../../src/events/attempt.ts';
import type { Host } from '../../src/host.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Secret } from '../../src/secret.ts';
import { parseSource } from '../../src/source-uri.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';

const say = (text: string) => system.write(1, `${text}\n`);

let atStop: (() => Promise<void>) | undefined;
process.on('SIGTERM', () => {
  const end = () => {
    system.write(2, reportSignal('SIGTERM', { number: 15, isStart: true }, 'text').text);
    process.exit(143);
  };
  (atStop?.() ?? Promise.resolve()).then(end, end);
});

const host: Host = {
  system,
  argv: [],
  environ: [],
  variables: process.env,
  stopSignals: [],
  onStop: (action) => {
    atStop = action;
    return () => {};
  },
};
const settings = readSettings(splitCommandLine([]), host.variables);
const deadline = new Deadline(30);
const stores = new Stores({ host, settings, deadline });

try {
  const recorder = await startChangeRecording({ stores, host, settings });
  const differences = { added: ['NEW'], changed: ['OLD'], removed: [] };

  async function change(uri: string, error?: EnvsealError): Promise<void> {
    const attempt = recorder.begin(parseSource(uri), 'rotated');
    Object.assign(attempt, { sealing: 'sops', version: 'v2', previousVersion: 'v1', differences });
    await recorder.finish(attempt, error);
  }

  const actions: Readonly<Record<string, (word: string) => Promise<unknown>>> = {
    /** Credentials that a store would have asked for. */
    ask: async (cloud) =>
      cloud === 'aws' ? (await stores.aws()).credentials() : (await stores.google()).token(),
    change: (uri) => change(uri),
    conflict: async (uri) => {
      const error = new EnvsealError('conflict', 'a concurrent change', { requestIds: ['ID1'] });
      await change(uri, error);
      throw error;
    },
    bug: (uri) => change(uri, new TypeError('canary') as never),
    drop: async (uri) => recorder.drop(recorder.begin(parseSource(uri), 'set')),
    rotate: async (count) => {
      const uris = Array.from({ length: Number(count) }, (_, index) => `s3://snacks/${index}/env`).values();
      let failed = 0;
      const workers = Array.from({ length: 16 }, async () => {
        for (const uri of uris) await change(uri).catch(() => void failed++);
      });
      await Promise.all(workers);
      if (failed > 0) say(`failed ${failed}`);
    },
    get: async (uri) => {
      const attempt = newAttempt(parseSource(uri));
      const ended = recorder.access('envseal get', [attempt]);
      Object.assign(attempt, { sealing: 'sops', variables: new Map([['A', new Secret('canary')]]) });
      await ended({});
    },
    absent: async (uri) => {
      const attempt = newAttempt(parseSource(uri));
      const ended = recorder.access('envseal get', [attempt]);
      attempt.error = new EnvsealError('not_found', 'no such file', { hint: 'look' });
      await ended({ error: attempt.error });
      throw attempt.error;
    },
    /** Two that are under way, until a signal or a line on stdin. */
    wait: async (uri) => {
      const opened = recorder.access('envseal edit', [newAttempt(parseSource(uri))]);
      const attempt = recorder.begin(parseSource(uri), 'set');
      attempt.previousVersion = 'v1';
      say('waits');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      await recorder.finish(attempt);
      await opened({});
    },
  };
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i += 2) {
    await (actions[words[i] as string] as (word: string) => Promise<unknown>)(words[i + 1] as string);
    say(`did ${words[i]}`);
  }
  process.exit(0);
} catch (error) {
  const { text, exitStatus } = report(error, settings['log-format'] === 'json' ? 'json' : 'text');
  system.write(2, text);
  process.exit(exitStatus);
}
