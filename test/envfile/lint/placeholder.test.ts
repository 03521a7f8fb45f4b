// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is looked for.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPlaceholder } from '../../../src/envfile/lint/placeholder.ts';
import { expectLinear } from '../../growth.ts';

describe('an unfilled placeholder', () => {
  test.each([
    ...['changeme', 'change-me', 'CHANGE_ME', 'Change Me!', 'changethis', 'please-change-me', 'replace_me'],
    ...['todo', 'TODO', 'tbd', 'TBD.', 'fixme', 'FIXME!!', 'placeholder', 'example', 'dummy', 'chamberme'],
    ...['secret', 'password', 'Password', 'PASSWORD', 'super-secret', 'your_password', 'yourpassword'],
    ...['xxx', 'XXXXXXXX', 'xxxx-xxxx-xxxx', '***', '********', '...', '…', '???'],
    ...['sk_live_xxxxxxxx', 'AKIA_XXXXXXXXXXXX', 'ghp_xxxxxxxxxxxx', 'xoxb-xxxx-xxxx'],
    ...['<your-password>', '<PASSWORD>', '<insert your key>', '<secret>'],
    ...['your-api-key', 'YOUR_API_KEY', 'your-token-here', '[your-key]', '{your key}', 'your password here'],
    ...['insert-key-here', 'put your token here', 'ENTER_PASSWORD_HERE'],
    ...['postgres://app:<password>@db:5432/app', 'https://your-org.okta.com', 'redis://:your_password@cache'],
    ...['__DB_PASSWORD__', '@@TOKEN@@', '@TOKEN@', '#{Db.Password}#', ' changeme ', 'changeme\n'],
  ])('%j', (value) => expect(findPlaceholder('DB_PASSWORD', value)).toBe('blank'));
});

describe('an unexpanded reference', () => {
  test.each([
    ...['${VAR}', '${VAR:-default}', '${VAR:?missing}', 'https://${HOST}/x', 'a${B}c${D}', '$HOME', '$(pwd)'],
    ...['{{ var }}', '{{var}}', '{{- .Values.password | quote }}', '${{ secrets.KEY }}', 'x-{{ env }}-y'],
    ...['%USERPROFILE%', '`cat /run/secret`'],
  ])('%j', (value) => expect(findPlaceholder('A', value)).toBe('reference'));
});

describe('it is a value like others', () => {
  test.each([
    // Passwords, with marks in them or made of words.
    ...['', ' ', 'hunter2', 'correct horse battery staple', 'password1!', 'secret-sauce-42'],
    ...['p$ss', 'a$HOME', '$', '$2b$12$KIXQ4S1h', '${', '${}', '${1a', '$()', '{{}}', '}}{{', '{{'],
    ...['x', 'xx', 'Xxy', 'axxx', 'exxxon', 'xxxl-shirt', '**', '..', '<', '<>', '<<a>>', '%', '%41%42'],
    ...['100%', '__main__', '__', '@', 'a@b', '@TOKEN', '#{', '`'],
    // Addresses and texts.
    ...['<no-reply@snacks.example>', 'Snacks <no-reply@snacks.example>', '<https://snacks.example>'],
    ...['https://example.com', 'example.com', 'https://snacks.example/your-orders', '<b>Hello</b>'],
    ...[
      'yourself',
      'your',
      'your order is here now',
      'Your order has shipped',
      '@here',
      'here',
      'put it there',
    ],
    ...['todo-app', 'todos', 'secretary', 'passwordless', 'examples', 'tokens', 'insert', 'enter', 'set-1'],
    ...['true', 'false', '0', 'null', 'none', 'test'],
    // Documents, which may expand what they like.
    ...[
      '#!/bin/sh\necho ${HOME}\n',
      'a\n{{ b }}',
      '{"a":{"b":{}}}',
      '{"a":"${"}',
      '-----BEGIN KEY-----\nxxxx\n',
    ],
  ])('%j', (value) => expect(findPlaceholder('DB_PASSWORD', value)).toBeUndefined());

  test.each([
    ['AUTH_METHOD', 'password'],
    ['OAUTH_GRANT_TYPE', 'password'],
    ['MODE', 'secret'],
    ['login.field', 'passwd'],
    ['TABLE_NAME', 'todo'],
    ['STAGE', 'example'],
    ['DB_USER', 'dummy'],
  ])('%s=%s is a choice', (name, value) => expect(findPlaceholder(name, value)).toBeUndefined());

  test.each([
    ['DB_PASSWORD', 'password'],
    ['TYPED', 'password'],
    ['USERNAME_SECRET', 'secret'],
    ['AUTH_METHOD', 'changeme'],
    ['DB_NAME', 'TBD'],
    ['DB_USER', 'xxx'],
    ['AUTH_METHOD', '<method>'],
    ['AUTH_METHOD', 'your-method'],
  ])('%s=%s is none', (name, value) => expect(findPlaceholder(name, value)).toBe('blank'));

  test('what a generator of passwords writes', () => {
    const passwords = [
      fc.stringMatching(/^[A-Za-z0-9+/]{20,44}={0,2}$/),
      fc.stringMatching(/^[A-Za-z0-9_-]{22,64}$/),
      fc.stringMatching(/^[0-9a-f]{32,64}$/),
      fc.stringMatching(/^[!-~]{16,32}$/),
      fc.uuid(),
    ];
    fc.assert(
      fc.property(fc.oneof(...passwords), (password) => {
        expect(findPlaceholder('DB_PASSWORD', password)).toBeUndefined();
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

const MARKS = ['x', 'x-', 'a-', '<a', '${', '{{ a', '$(', '__A', '`', ' ', '-', '${A:-'];
const WORDS = ['your-', 'a://', 'insert '];

// The largest is as large as a variable can be.
test.each([...MARKS, ...WORDS])('the work of looking at many %j grows as the value does', async (piece) => {
  await expectLinear((size) => findPlaceholder('A', piece.repeat(size / piece.length)), 131_072 / 8);
});
