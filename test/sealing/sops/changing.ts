/** Helpers for the tests of changed files. */

import { detectSops } from '../../../src/sealing/sops/detect.ts';
import { openSopsDocument, type SopsDocument } from '../../../src/sealing/sops/edit/document.ts';
import type { OpenSopsOptions } from '../../../src/sealing/sops/open.ts';
import { Secret } from '../../../src/secret.ts';
import { unwrapWith } from './age-keys.ts';
import { bytesOf, SOURCE } from './opening.ts';

export const LATER = new Date('2031-07-01T08:09:10.999Z');

/** With all test keys. */
export function openDocument(
  file: string | Uint8Array,
  options: Partial<OpenSopsOptions> = {},
): Promise<SopsDocument> {
  const bytes = typeof file === 'string' ? bytesOf(file) : file;
  const kind = detectSops(bytes, { source: SOURCE });
  if (kind === undefined) throw new Error('not detected');
  return openSopsDocument(bytes, kind, {
    source: SOURCE,
    unwrap: unwrapWith('a', 'b', 'c'),
    isAllowed: () => true,
    checkKey: () => undefined,
    ...options,
  });
}

export function changesOf(changes: Readonly<Record<string, string | undefined>>) {
  return new Map(
    Object.entries(changes).map(([name, value]) => [
      name,
      value === undefined ? undefined : new Secret(value),
    ]),
  );
}

export async function change(
  file: string | Uint8Array,
  changes: Readonly<Record<string, string | undefined>>,
  options: Partial<OpenSopsOptions> = {},
): Promise<string> {
  const document = await openDocument(file, options);
  return textOf(await document.change(changesOf(changes), LATER, { allowPlain: true }));
}

export function revealed(variables: ReadonlyMap<string, Secret>): [string, string][] {
  return [...variables].map(([name, value]) => [name, value.reveal()]);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Lines that two texts do not share. */
export function differingLines(before: string, after: string): { gone: string[]; come: string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return {
    gone: old.filter((line) => !now.includes(line)),
    come: now.filter((line) => !old.includes(line)),
  };
}
