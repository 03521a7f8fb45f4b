/**
 * A writer in a process of its own. `node file-writer.ts PATH once`: prints the code of what it fails with; `forever`:
 * writes until it is ended, by SIGTERM as envseal is; `count N`: adds one N times, again after each conflict.
 */
import { Deadline } from '../../src/net/deadline.ts';
import { type FileSource, parseSource } from '../../src/source-uri.ts';
import { type Expected, NO_ATTRIBUTES } from '../../src/store/contract.ts';
import { fileStore } from '../../src/store/file/store.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';

const [path = '', mode, times = '1'] = process.argv.slice(2);
const source = parseSource(path) as FileSource;
const store = fileStore({ system, deadline: new Deadline(60) });

async function write(text: string, expected: Expected): Promise<string> {
  const options = { seal: { kind: 'store' }, expected, attributes: NO_ATTRIBUTES } as const;
  return await store.write(source, Buffer.from(text), options).then(
    () => 'written',
    (error: { code: string }) => error.code,
  );
}

async function countUp(): Promise<void> {
  for (;;) {
    const { bytes, revision } = await store.read(source);
    const outcome = await write(`${Number(Buffer.from(bytes).toString()) + 1}`, { revision });
    if (outcome === 'written') return;
    if (outcome !== 'conflict') throw new Error(outcome);
  }
}

process.on('SIGTERM', () => process.exit(143));
if (mode === 'once') process.stdout.write(`${await write('A=1\n', 'anything')}\n`);
if (mode === 'count') for (let time = 0; time < Number(times); time++) await countUp();
if (mode === 'forever') {
  for (;;) {
    await write('A=new\n'.repeat(1000), 'anything');
    process.stdout.write('.');
    await new Promise(setImmediate);
  }
}
process.exit(0);
