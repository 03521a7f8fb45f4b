/** The checks of the fuzz targets, by Node: that they hold for the seeds, and that they can fail. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { checkDetect } from './detect.ts';
import { checkParse } from './parse.ts';
import { attempt, withCanary } from './promises.ts';
import { checkUrl } from './url.ts';

const CHECKS = { parse: checkParse, detect: checkDetect, url: checkUrl };

describe.each(Object.entries(CHECKS))('%s', (name, check) => {
  const folder = `host/fuzz/seeds/${name}`;
  it.each(readdirSync(folder))('keeps its promises for %s, cut anywhere', (seed) => {
    const bytes = readFileSync(`${folder}/${seed}`);
    for (let length = 0; length <= bytes.length; length += 1) check(bytes.subarray(0, length));
  });
});

describe('a promise that is not kept', () => {
  it('is an error of another class', () => {
    const throwing = () => attempt(() => BigInt('x'));
    expect(throwing).toThrow('throws SyntaxError');
  });

  it.each(['message', 'hint'])('is text of the file in a %s', (where) => {
    const [, file = new Uint8Array()] = withCanary(new TextEncoder().encode('A'));
    const text = new TextDecoder().decode(file).toUpperCase();
    const [message, hint] = where === 'message' ? [`found ${text}`, ''] : ['', text];
    const refusing = () =>
      attempt(() => {
        throw new EnvsealError('malformed', message, { hint });
      });
    expect(refusing).toThrow('a message holds text of the file');
  });
});
