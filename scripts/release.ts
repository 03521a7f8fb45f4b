/**
 * `npm run release`: everything that is published of a version, in dist/release. `--out FOLDER` puts it elsewhere. It is
 * built in a fresh copy, from nothing that was built before. Nothing is signed and nothing is sent: it prints how.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitOf } from './release/commit.ts';
import { buildFreshCopy } from './release/fresh-copy.ts';
import { makeRelease } from './release/make.ts';
import { howToSign } from './release/signing.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const folder = values.out ?? `${root}dist/release`;
const commit = commitOf(root);

using copy = await buildFreshCopy(root);
for (const line of makeRelease({ root: copy.root, folder, commit })) console.log(line);
console.log(howToSign(commit));
