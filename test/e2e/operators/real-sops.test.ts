/** The real sops opens what envseal's commands write, and envseal changes what the real sops wrote, and nothing else in it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { describeReal } from '../../real/available.ts';
import { pinnedProgram } from '../../real/programs.ts';
import { A, B, IDENTITIES, identities } from '../../sealing/sops/age-keys.ts';
import { folder } from '../folder.ts';
import { IDENTITY } from '../sealed.ts';
import { CANARY, type Env } from '../transcript.ts';
import { answers, does, refuses, variablesAt } from './places.ts';

const ENV: Env = { SOPS_AGE_KEY: IDENTITY };

function sops(args: readonly string[], cwd = '/'): string {
  const env = { PATH: process.env.PATH, HOME: '/', SOPS_AGE_KEY_FILE: IDENTITIES };
  return execFileSync(pinnedProgram('sops'), args, { env, cwd, encoding: 'utf8', stdio: 'pipe' });
}

function decrypt(path: string): string {
  return sops(['decrypt', path]);
}

function variablesInSops(path: string): Record<string, unknown> {
  return JSON.parse(sops(['decrypt', '--output-type', 'json', path])) as Record<string, unknown>;
}

/** An editor that does this with the file, `$1`. */
function editor(script: string): Env {
  return { ...ENV, EDITOR: join(folder({ editor: `#!/bin/sh\n${script}\n` }), 'editor') };
}

describeReal('sops', 'the real sops opens', () => {
  const PUSHED = `# of the team ${CANARY}\n\nexport DB_URL=postgres://${CANARY}@db/1   # where\n\nTOKEN='${CANARY} #1'\nMULTI="${CANARY}\\nmore"\nEMPTY=\n# end\n`;
  const SHOWN = `# of the team ${CANARY}\n# where\nDB_URL=postgres://${CANARY}@db/1\nTOKEN=${CANARY} #1\nMULTI=${CANARY}\\nmore\nEMPTY=\n# end\n`;

  async function push(text = PUSHED, name = 'app.env'): Promise<string> {
    const path = join(folder(), name);
    await does(['push', '--seal', 'sops', '--age', A, '-', path], ENV, text);
    return path;
  }

  test('what push writes, with its comments', async () => {
    const path = await push();
    expect(decrypt(path)).toBe(SHOWN);
    expect(readFileSync(path, 'utf8')).not.toContain(CANARY);
  });

  test('what push writes over it', async () => {
    const path = await push();
    await does(['push', '-', path], ENV, `# new ${CANARY}\nTOKEN=${CANARY}\n`);
    expect(decrypt(path)).toBe(`# new ${CANARY}\nTOKEN=${CANARY}\n`);
  });

  test('what set and unset write', async () => {
    const path = await push();
    await does(['set', path, 'TOKEN'], ENV, `${CANARY} "two"\nlines #2`);
    await does(['set', path, 'NEW'], ENV, `${CANARY} 'new'`);
    await does(['unset', path, 'MULTI'], ENV);
    expect(decrypt(path)).toBe(
      SHOWN.replace(`TOKEN=${CANARY} #1`, `TOKEN=${CANARY} "two"\\nlines #2`)
        .replace(`MULTI=${CANARY}\\nmore\n`, '')
        .concat(`NEW=${CANARY} 'new'\n`),
    );
  });

  test('what edit writes', async () => {
    const path = await push();
    await does(['edit', path], editor(`sed -i 's/#1/#2/' "$1"; echo 'NEW=${CANARY}' >>"$1"`));
    expect(decrypt(path)).toBe(`${SHOWN.replace('#1', '#2')}NEW=${CANARY}\n`);
  });

  test('what rotate writes, for the same key and for another one', async () => {
    const path = await push();
    await does(['rotate', path], ENV);
    expect(decrypt(path)).toBe(SHOWN);
    await does(['rotate', '--age', B, path], ENV);
    expect(decrypt(path)).toBe(SHOWN);
    expect(await refuses(['list', path], ENV)).toMatchObject({ status: 65 });
    expect(await answers(['list', path], { SOPS_AGE_KEY: identities[1] as string })).toMatchObject({
      kmsKeys: [B],
    });
  });

  test('what copy writes, of a sealed file and of one in the clear', async () => {
    const path = await push();
    const copy = join(folder(), 'copy.env');
    await does(['copy', '--seal', 'sops', '--age', B, path, copy], ENV);
    expect(decrypt(copy)).toBe(SHOWN);
    const plain = join(folder({ 'plain.env': PUSHED }), 'plain.env');
    const other = join(folder(), 'other.env');
    await does(['copy', '--allow-unsealed', '--seal', 'sops', '--age', A, plain, other], ENV);
    expect(decrypt(other)).toBe(SHOWN);
  });

  test('what is made of JSON is JSON: push, set, unset, rotate, copy', async () => {
    const path = await push(`{"B": "${CANARY}\\n\\"two\\" \\u0001", "A": "", "C": "x"}`, 'app.json');
    const expected = { B: `${CANARY}\n"two" \u0001`, A: '', C: 'x' };
    expect(JSON.parse(decrypt(path))).toEqual(expected);
    await does(['set', path, 'NEW'], ENV, CANARY);
    await does(['unset', path, 'A'], ENV);
    await does(['rotate', path], ENV);
    const copy = join(folder(), 'copy.json');
    await does(['copy', '--age', A, path, copy], ENV);
    for (const each of [path, copy]) {
      expect(Object.entries(JSON.parse(decrypt(each)))).toEqual([
        ['B', expected.B],
        ['C', 'x'],
        ['NEW', CANARY],
      ]);
    }
  });

  test('numbers and booleans of pushed JSON, as the text that a program gets', async () => {
    const path = await push('{"PORT": 8080, "DEBUG": true}', 'app.json');
    const texts = Object.entries(variablesInSops(path)).map(([name, value]) => [name, String(value)]);
    expect(texts).toEqual([
      ['PORT', '8080'],
      ['DEBUG', 'true'],
    ]);
  });
});

const FORMATS = ['env', 'json', 'yaml'] as const;
type Format = (typeof FORMATS)[number];

/** Those that are sealed, and what a rule leaves in the clear. */
const INPUTS: Readonly<Record<Format, string>> = {
  env: `# about the file ${CANARY}\n\nPASS=${CANARY} old\n# about the host\nHOST_PUBLIC=db.internal\nPLAIN=${CANARY}\nEMPTY=\n# at the end\n`,
  json: `{"PASS": "${CANARY} old", "HOST_PUBLIC": "db.internal", "PLAIN": "${CANARY}", "PORT": 8080, "EMPTY": ""}`,
  yaml: `# about the file ${CANARY}\n\nPASS: ${CANARY} old # on its line\n# about the host\nHOST_PUBLIC: db.internal\nPLAIN: ${CANARY}\nPORT: 8080\nEMPTY: ""\n# at the end\n`,
};

interface Rule {
  readonly title: string;
  readonly rule: string;
  /** Which of these stay in the clear. */
  readonly clear: readonly string[];
}

const RULES: readonly Rule[] = [
  { title: 'no rule', rule: '', clear: [] },
  {
    title: 'encrypted_regex',
    rule: 'encrypted_regex: "^(PASS|PLAIN|EMPTY|NEW_SECRET)$"',
    clear: ['HOST_PUBLIC', 'NEW_PUBLIC'],
  },
  {
    title: 'unencrypted_suffix',
    rule: 'unencrypted_suffix: _PUBLIC',
    clear: ['HOST_PUBLIC', 'NEW_PUBLIC'],
  },
  {
    title: 'unencrypted_regex, and a MAC over what is sealed only',
    rule: 'unencrypted_regex: PUBLIC$, mac_only_encrypted: true',
    clear: ['HOST_PUBLIC', 'NEW_PUBLIC'],
  },
];

describeReal('sops', 'a file of the real sops', () => {
  function make(format: Format, rule: string): string {
    const keys = `age: "${A},${B}"`;
    const directory = folder({
      '.sops.yaml': `creation_rules:\n  - {${[keys, rule].filter((part) => part !== '').join(', ')}}\n`,
      [`app.${format}`]: INPUTS[format],
    });
    const path = join(directory, `app.${format}`);
    writeFileSync(path, sops(['encrypt', path], directory));
    return path;
  }

  /** What is said of the file itself, without what changes with each change. */
  function metadataOf(format: Format, path: string): unknown {
    const text = readFileSync(path, 'utf8');
    if (format === 'env') {
      return text.split('\n').filter((line) => /^sops_(?!mac=|lastmodified=)/.test(line));
    }
    const { sops: about } = parseYaml(text) as { sops: Record<string, unknown> };
    const { mac: _mac, lastmodified: _lastModified, ...kept } = about;
    return kept;
  }

  /** Rotation wraps the data key again. */
  const withoutWrapped = (metadata: unknown) =>
    JSON.stringify(metadata).replaceAll(/-----BEGIN.*?END AGE ENCRYPTED FILE-----(?:\\+n)*/g, 'WRAPPED');

  const commentsOf = (path: string) => decrypt(path).match(/# [a-z ]+/g) ?? [];

  function textOf(format: Format, path: string, name: string): string {
    const text = readFileSync(path, 'utf8');
    const line = text.split('\n').find((each) => new RegExp(`^\\s*"?${name}"?\\s*[=:]`).test(each));
    if (line === undefined) throw new Error(`${name} is not in the ${format} file`);
    return line;
  }

  describe.each(FORMATS)('%s', (format) => {
    test.each(RULES)(
      '$title: set, unset and edit keep rule, comments and metadata',
      async ({ rule, clear }) => {
        const path = make(format, rule);
        const before = {
          metadata: metadataOf(format, path),
          comments: commentsOf(path),
          variables: variablesInSops(path),
        };
        const untouched = textOf(format, path, 'PLAIN');
        await does(['set', path, 'PASS'], ENV, `${CANARY} "new" #1`);
        await does(['set', path, 'NEW_SECRET'], ENV, `${CANARY}\nlines`);
        await does(['set', '--allow-unsealed', path, 'NEW_PUBLIC'], ENV, 'open to all');
        await does(['unset', path, 'EMPTY'], ENV);
        await does(['edit', path], editor(`sed -i 's/"new"/"newer"/' "$1"`));

        expect(metadataOf(format, path)).toEqual(before.metadata);
        expect(commentsOf(path)).toEqual(before.comments);
        expect(textOf(format, path, 'PLAIN')).toBe(untouched);
        const { EMPTY: _, ...others } = before.variables;
        expect(variablesInSops(path)).toEqual({
          ...others,
          PASS: `${CANARY} "newer" #1`,
          NEW_SECRET: `${CANARY}\nlines`,
          NEW_PUBLIC: 'open to all',
        });
        for (const name of ['PASS', 'PLAIN', 'HOST_PUBLIC', 'NEW_SECRET', 'NEW_PUBLIC']) {
          expect([name, !textOf(format, path, name).includes('ENC[')]).toEqual([name, clear.includes(name)]);
        }
      },
    );

    test.each(RULES)('$title: rotate keeps rule, comments and metadata', async ({ rule }) => {
      const path = make(format, rule);
      const [metadata, shown, sealed] = [metadataOf(format, path), decrypt(path), readFileSync(path, 'utf8')];
      await does(['rotate', path], ENV);
      expect(decrypt(path)).toBe(shown);
      expect(withoutWrapped(metadataOf(format, path))).toBe(withoutWrapped(metadata));
      // Nothing is sealed with the old data key any more.
      const ciphertexts = (text: string) => text.match(/ENC\[[^\]]*\]|YWdl\S+/g) ?? [];
      const kept = ciphertexts(readFileSync(path, 'utf8')).filter((each) => sealed.includes(each));
      expect(kept.filter((each) => !each.startsWith('YWdl'))).toEqual([]);
      expect(metadataOf(format, path)).not.toEqual(metadata);
    });

    test('they take turns', async () => {
      const path = make(format, 'unencrypted_suffix: _PUBLIC');
      await does(['set', path, 'NEW'], ENV, `${CANARY} 1`);
      sops(['set', path, '["NEW"]', `"${CANARY} 2"`]);
      expect(await variablesAt({ uri: path, env: ENV })).toMatchObject({ NEW: `${CANARY} 2` });
      await does(['set', path, 'NEWER'], ENV, CANARY);
      sops(['unset', path, '["NEW"]']);
      sops(['rotate', '--in-place', path]);
      await does(['rotate', path], ENV);
      sops(['set', path, '["PASS"]', `"${CANARY} last"`]);
      const variables = await variablesAt({ uri: path, env: ENV });
      expect(variables).toMatchObject({ PASS: `${CANARY} last`, NEWER: CANARY, HOST_PUBLIC: 'db.internal' });
      expect(variables).not.toHaveProperty('NEW');
      expect(await answers(['list', path], ENV)).toMatchObject({ kmsKeys: [A, B] });
    });
  });
});
