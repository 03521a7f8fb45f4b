import { expect, test } from 'vitest';
import { findMirror } from './debian-mirror.ts';

const MIRROR = 'https://mirror.test/debian';

test.each([
  ['one line', `deb ${MIRROR} bookworm main`],
  ['one line with options', `deb [arch=amd64 signed-by=/k.gpg] ${MIRROR} bookworm main contrib # ours`],
  ['one line after others', `# deb https://no.test bookworm main\ndeb ${MIRROR} bookworm main\n`],
  ['a stanza', `Types: deb deb-src\nURIs: ${MIRROR}\nSuites: bookworm bookworm-updates\nComponents: main\n`],
  [
    'the second stanza',
    `Types: deb\nURIs: https://no.test\nSuites: nodistro\nComponents: main\n\n` +
      `Types: deb\n# snapshot\nURIs: ${MIRROR}\nSuites: bookworm\nComponents: main\n`,
  ],
])('finds the mirror in %s', (_, sources) => {
  expect(findMirror(sources, 'bookworm')).toBe(MIRROR);
});

test.each([
  ['nothing', ''],
  ['sources only', `deb-src ${MIRROR} bookworm main`],
  ['a comment', `#deb ${MIRROR} bookworm main`],
  ['another release', `deb ${MIRROR} trixie main`],
  ['security updates', `deb ${MIRROR} bookworm-security main`],
  ["another vendor's suite", `deb ${MIRROR} bookworm stable`],
  ['a disc', 'deb cdrom:[Debian] bookworm main'],
  [
    'a stanza that is switched off',
    `Enabled: no\nTypes: deb\nURIs: ${MIRROR}\nSuites: bookworm\nComponents: main`,
  ],
])('finds none in %s', (_, sources) => {
  expect(findMirror(sources, 'bookworm')).toBeUndefined();
});
