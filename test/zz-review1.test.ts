import { test } from 'vitest';
import { compileRegex } from '../src/sealing/sops/regex.ts';
test('regex', () => {
  for (const p of ['(?:\\B{40}){40}', '(?:\\B{100}){100}', '(?:\\B{200}){200}']) {
    const f = compileRegex(p);
    const t = performance.now();
    const r = f?.('A'.repeat(1000));
    console.log(p, f !== undefined, r, performance.now() - t);
  }
}, 100000);
