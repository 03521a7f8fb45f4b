/** One line of JSON for each event on the container's stderr, which its log collector reads. */
import { EnvsealError } from '../../errors.ts';
import type { MakeSink } from '../sink.ts';
import { misused, readQuery } from './sink-uri.ts';

const STDERR = 2;

export const stderr: MakeSink = (url, { system }) => {
  readQuery(url, []);
  if (url.pathname !== '' || url.host !== '') throw misused(url, 'has a path', 'use stderr:');
  return {
    name: 'stderr',
    async deliver(events) {
      for (const event of events) {
        if (system.write(STDERR, `${JSON.stringify(event)}\n`)) continue;
        throw new EnvsealError('undelivered', 'cannot write to stderr', {
          hint: 'it is closed or full: check where the container engine sends it',
        });
      }
    },
  };
};
