/** `node scripts/build/fuzz-bundle.ts FOLDER`: what the fuzz targets run inside the host; `host/fuzz/run` calls it. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForHost } from './host-bundle.ts';

const program = fileURLToPath(new URL('../../test/fuzz/program.ts', import.meta.url));

/** The program compares natives with their doubles in TypeScript: what it imports itself are these. */
const withDoubles = {
  name: 'with-doubles',
  resolveId: {
    order: 'pre' as const,
    handler: (path: string, importer?: string) =>
      importer === program ? resolve(program, '..', path) : null,
  },
};

await bundleForHost(process.argv[2] as string, {
  entry: program,
  define: { __ENVSEAL_VERSION__: '"fuzz"' },
  plugins: [withDoubles],
});
