/** The bench's programs on `@aws-sdk`, bundled as envseal is, so that they load as fast. */
import { mkdirSync } from 'node:fs';
import { bundle } from '../../scripts/build/node-bundle.ts';
import { CACHE, ROOT } from '../paths.ts';

type SdkProgram = 'put' | 'reseal' | 'look' | 'get';

/** @returns the path of a program for Node */
export async function bundleSdkProgram(name: SdkProgram): Promise<string> {
  const folder = `${CACHE}/sdk-${name}`;
  mkdirSync(folder, { recursive: true });
  await bundle(name, `${ROOT}bench/sdk/${name}.ts`, folder);
  return `${folder}/${name}.mjs`;
}
