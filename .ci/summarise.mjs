// usage: summarise.mjs REPORT
//
// Prints `N passed, N failed`, and `, N skipped` when there are any, from vitest's JSON report. Exits 1 when a test
// failed or none ran.
import { existsSync, readFileSync } from 'node:fs';

const [report] = process.argv.slice(2);
// Without a report vitest did not run, or did not end.
const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
const statuses = files.flatMap((file) => file.assertionResults.map((test) => test.status));
const count = (...wanted) => statuses.filter((status) => wanted.includes(status)).length;

// A file that does not load, or whose beforeAll throws, has failed without a test that did.
const failsAlone = (file) =>
  file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');

const passed = count('passed');
const failed = count('failed') + files.filter(failsAlone).length;
const skipped = count('skipped', 'pending', 'todo', 'disabled');
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
