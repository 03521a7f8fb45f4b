// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is looked for.
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkEnvFile, type Finding } from '../../../src/envfile/lint/lint.ts';
import { format } from '../../../src/envfile/write-dotenv.ts';
import { errorOf, FORMATS, type Format, formOf, readBytes, SOURCE } from '../reading.ts';
import { values, variables } from '../values.ts';

/** 128 KiB, with the NUL: see src/limits-and-defaults.ts. */
const MAX_STRING = 131_072;
const MAX_TOTAL = 2 * 1024 * 1024 - 4096;
const MAX_FILE = 2 * 1024 * 1024;

const LOADERS = ['LD_PRELOAD', 'PATH', 'ENVSEAL_SOURCE'];

function check(text: string | Uint8Array, format: Format = 'dotenv'): Finding[] {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const isLoaderName = (name: string) => LOADERS.includes(name);
  return checkEnvFile(bytes, { source: SOURCE, ...formOf(format), isLoaderName });
}

/** `line rule name: message`, as short as it can be compared. */
function findings(text: string | Uint8Array, format: Format = 'dotenv'): string[] {
  return check(text, format).map(({ line, rule, message }) => `${line} ${rule}: ${message}`);
}

function rules(text: string, format: Format = 'dotenv'): string[] {
  return check(text, format).map(({ rule }) => rule);
}

test.each<[Format, string]>([
  ['dotenv', ''],
  ['dotenv', "\uFEFF# a file\r\n\r\nexport A = b # c\r\nPEM=\"-----\n=\n-----\n\"\r\nC='it'\"'\"'s'\r\n"],
  ['docker', "A=b # c\nB=it's\nC=\n"],
  ['json', '{"A":"b", "C": 1, "B":true, "D":""}\n'],
])('a %s file without mistakes has no findings: %j', (format, text) => {
  expect(findings(text, format)).toEqual([]);
});

test('a finding has its rule, severity, line and name as data', () => {
  expect(check('\nA="x"\n\nLD_PRELOAD=b\nB=" c"\n=')).toEqual([
    {
      rule: 'loader-name',
      severity: 'error',
      line: 4,
      name: 'LD_PRELOAD',
      message: 'LD_PRELOAD can make programs load code, so envseal run refuses it',
    },
    {
      rule: 'white-space',
      severity: 'warning',
      line: 5,
      name: 'B',
      message: 'the value of B begins with white space',
    },
    {
      rule: 'syntax',
      severity: 'error',
      line: 6,
      name: null,
      message: 'column 1: expected a name: a letter or _ first, then letters, digits, _, . or -',
    },
  ]);
});

describe('what cannot be parsed is an error at its line', () => {
  test.each<[Format, string, string]>([
    [
      'dotenv',
      'A=b\n\nB',
      '3 syntax: column 2: expected = after the name; write NAME=value, or NAME= for an empty value',
    ],
    ['dotenv', 'A=b\nB="c\nd', '2 syntax: column 3: expected a closing quote for the one that opens here'],
    [
      'dotenv',
      "A='b\n\n'c",
      '3 syntax: column 2: expected the end of the line or a comment after the closing quote; quote the whole value, and put white space before a comment',
    ],
    [
      'dotenv',
      'A=b\nB=c\rd',
      '2 syntax: column 5: expected LF after CR; end lines with LF or CRLF, and quote a value that holds CR',
    ],
    [
      'docker',
      'A=b\n\nB =c',
      '3 syntax: column 2: expected = directly after the name; write NAME=value; nothing is taken from the environment, and no space is allowed before the =',
    ],
    ['dotenv', 'A=b\nB=\0', '2 syntax: column 3: expected text without NUL'],
    [
      'json',
      '{"A":1,\n"B":null}',
      '2 syntax: column 5: expected a string, a number, true or false; write "" for an empty value, and put an array or an object into a string',
    ],
    ['json', '{"A":1}\n}', '2 syntax: column 1: expected nothing after the object'],
  ])('%s: %j', (format, text, finding) => expect(findings(text, format)).toEqual([finding]));

  test('invalid UTF-8', () => {
    for (const format of FORMATS) {
      expect(findings(new Uint8Array([0x41, 0x3d, 0x0a, 0xff]), format)).toEqual([
        '2 syntax: column 1: expected valid UTF-8',
      ]);
    }
  });

  test.each<[Format, string]>([
    ['dotenv', 'A=1\nA=2\n=\nA=3\n'],
    ['docker', 'A=1\nA=2\n=\nA=3\n'],
    ['json', '{\n"A":1,"A":2,\n"B":null,"A":3}'],
  ])('%s: what comes before it is checked', (format, text) => {
    expect(rules(text, format)).toEqual(['duplicate', 'syntax']);
  });
});

describe('a name twice is an error that says both lines', () => {
  test.each<[Format, string, string[]]>([
    ['dotenv', 'A=1\nB=2\n\nA=1\n', ['4 duplicate: A is set in line 1 and again in line 4']],
    [
      'dotenv',
      'A=1\na=2\nexport A=\n A=\n',
      [
        '3 duplicate: A is set in line 1 and again in line 3',
        '4 duplicate: A is set in line 1 and again in line 4',
      ],
    ],
    ['docker', '#\nA=1\nA=2', ['3 duplicate: A is set in line 2 and again in line 3']],
    ['json', '{"A":1,\n"\\u0041":2}', ['2 duplicate: A is set in line 1 and again in line 2']],
    // What is between quotes sets nothing, and was perhaps meant to.
    [
      'dotenv',
      "A='b\nA=1\n'\n",
      ['1 quotes: the value of A contains lines that look like assignments: is a quote missing?'],
    ],
    ['dotenv', "A='-----BEGIN KEY-----\nZm9v\nZm9=\nZm==\n'\n", []],
  ])('%s: %j', (format, text, expected) => expect(findings(text, format)).toEqual(expected));
});

describe('names', () => {
  test.each([
    ['LD_PRELOAD=b', ['loader-name error']],
    ['PATH=b', ['loader-name error']],
    ['MY_PATH=b', []],
    ['ENVSEAL_SOURCE=b', ['reserved-name error']],
    ['ENVSEAL_=b', ['reserved-name error']],
    ['ENVSEALED=b', []],
    ['envseal_source=b', []],
    ['a.b=b', ['name warning']],
    ['A-B=b', ['name warning']],
    ['_a9=b', []],
  ])('%s', (text, expected) => {
    for (const format of ['dotenv', 'docker'] as const) {
      expect(check(text, format).map(({ rule, severity }) => `${rule} ${severity}`)).toEqual(expected);
    }
  });
});

describe('the limits of the kernel', () => {
  test.each([
    ['as long as it may be', 'v', MAX_STRING - 3, []],
    ['one byte longer', 'v', MAX_STRING - 2, [MAX_STRING + 1]],
    ['in bytes, not in characters', 'é', MAX_STRING / 2, [MAX_STRING + 3]],
  ])('one variable: %s', (_, character, length, sizes) => {
    const text = `A=${character.repeat(length)}\n`;
    for (const format of ['dotenv', 'docker'] as const) {
      expect(findings(text, format)).toEqual(
        sizes.map(
          (size) => `1 too-large: A is ${size} bytes with its name, over the kernel's limit of ${MAX_STRING}`,
        ),
      );
    }
  });

  test('all together, each with its NUL and the pointer to it', () => {
    const each = 1000;
    const count = Math.floor(MAX_TOTAL / each);
    const write = (length: number) =>
      Array.from({ length }, (_, i) => `N${1000 + i}=${'v'.repeat(each - 15)}\n`);
    const rest = MAX_TOTAL - count * each;
    const last = (bytes: number) => `L=${'v'.repeat(bytes - 11)}\n`;
    expect(findings(write(count).join('') + last(rest))).toEqual([]);
    expect(findings(write(count).join('') + last(rest + 1))).toEqual([
      `null too-large: the variables are ${MAX_TOTAL + 1} bytes, over the kernel's limit of ${MAX_TOTAL} for arguments and environment`,
    ]);
  });

  test('many small ones are large too, and one that does not win does not count', () => {
    const small = Array.from({ length: 150_000 }, (_, i) => `N${i}=\n`).join('');
    expect(rules(small)).toEqual(['too-large']);
    const same = `A=${'v'.repeat(1000)}\n`.repeat(2090);
    expect(new Set(rules(same))).toEqual(new Set(['duplicate']));
  });

  test('a file that is larger than a source may be', () => {
    expect(findings(`#${' '.repeat(MAX_FILE - 1)}`)).toEqual([]);
    expect(findings(`#${' '.repeat(MAX_FILE)}`)).toEqual([
      `null too-large: the file is ${MAX_FILE + 1} bytes, over the limit of ${MAX_FILE}`,
    ]);
  });
});

describe('placeholders are warnings', () => {
  test.each<[Format, string, string[]]>([
    ['dotenv', 'DB_PASSWORD=changeme', ['1 placeholder: the value of DB_PASSWORD looks like a placeholder']],
    ['dotenv', "A='<your-password>'", ['1 placeholder: the value of A looks like a placeholder']],
    ['docker', 'A=${B}', ['1 placeholder: the value of A contains a reference, which is not expanded']],
    [
      'json',
      '{"A":"{{ b }}"}',
      ['1 placeholder: the value of A contains a reference, which is not expanded'],
    ],
    ['dotenv', 'AUTH_METHOD=password', []],
    ['dotenv', 'A=', []],
  ])('%s: %s', (format, text, expected) => {
    expect(findings(text, format)).toEqual(expected);
    for (const { severity } of check(text, format)) expect(severity).toBe('warning');
  });
});

describe('white space at the ends of a value is a warning', () => {
  test.each<[Format, string, string[]]>([
    ['dotenv', 'A=\t b \n', []],
    ['dotenv', "A='b '", ['ends']],
    ['dotenv', 'A=" b"', ['begins']],
    ['dotenv', 'A=" "', ['begins and ends']],
    ['dotenv', 'A="b\\n"', ['ends']],
    ['dotenv', 'A=\u00a0b', ['begins']],
    ['dotenv', 'A="b c"', []],
    ['dotenv', 'A="b\nc"', []],
    // The last line of a key ends like its others.
    ['dotenv', 'A="b\nc\n"', []],
    ['dotenv', 'A="b\r\nc\r\n"', []],
    ['dotenv', 'A="b\nc\n\n"', ['ends']],
    ['dotenv', 'A="\nb\nc\n"', ['begins']],
    ['docker', 'A= b', ['begins']],
    ['docker', 'A=b\t\r\n', ['ends']],
    ['docker', 'A=b\r\r\n', ['ends']],
    ['json', '{"A":" b "}', ['begins and ends']],
    ['json', '{ "A" : 1 }', []],
  ])('%s: %j', (format, text, ends) => {
    expect(findings(text, format)).toEqual(
      ends.map((end) => `1 white-space: the value of A ${end} with white space`),
    );
  });
});

describe('quotes that are kept, or not closed, are a warning', () => {
  const [KEPT, OPEN, CLOSE] = [
    'keeps the quotes around it',
    'begins with an unclosed quote',
    'ends with an unopened quote',
  ];

  test.each<[Format, string, string | undefined]>([
    ['dotenv', 'A="b"', undefined],
    ['dotenv', `A='"b"'`, undefined],
    ['dotenv', 'A=b"', CLOSE],
    ['dotenv', "A=b' # c", CLOSE],
    ['dotenv', 'A=say "hi"', undefined],
    ['dotenv', "A=it's", undefined],
    ['dotenv', 'A=5\'10"', CLOSE],
    ['docker', 'A="b"', KEPT],
    ['docker', "A='b c'", KEPT],
    ['docker', 'A=""', KEPT],
    ['docker', 'A="', OPEN],
    ['docker', 'A="b', OPEN],
    ['docker', `A="b'`, OPEN],
    ['docker', "A=b'", CLOSE],
    ['docker', 'A="b" or "c', OPEN],
    ['docker', 'A="b" # c', undefined],
    ['docker', "A=it's", undefined],
    ['docker', 'A={"b":"c"}', undefined],
    ['json', '{"A":"\\"b\\""}', KEPT],
    ['json', `{"A":"'b'"}`, KEPT],
    ['json', '{"A":"b\\""}', undefined],
    ['json', '{"A":"b"}', undefined],
  ])('%s: %s', (format, text, what) => {
    expect(findings(text, format)).toEqual(what === undefined ? [] : [`1 quotes: the value of A ${what}`]);
  });
});

describe('mixed line endings are a warning at the first of the fewer', () => {
  test.each<[Format, string, string[]]>([
    ['dotenv', '#\r\nA=b\r\n\r\n', []],
    ['dotenv', '#\nA=b\n\nC=d\r', []],
    ['dotenv', 'A=b\nC=d\r\nE=f\n', ['2 line-ending: the line ends with CRLF, others with LF']],
    ['dotenv', 'A=b\r\n\r\n#\n\n\r\n', ['3 line-ending: the line ends with LF, others with CRLF']],
    ['dotenv', 'A=b\r\nC=d\n', ['1 line-ending: the line ends with CRLF, others with LF']],
    // What is between quotes belongs to a value.
    ['dotenv', 'A="b\nc\n"\r\nD=e\r\n', []],
    ['dotenv', 'A="b\r\nc" # "\nD=\'\r\n\'\n', []],
    ['docker', 'A="b\nC=d"\r\n', ['2 line-ending: the line ends with CRLF, others with LF']],
    ['json', '{\r\n"A":1,\r\n"B":2\n}', ['3 line-ending: the line ends with LF, others with CRLF']],
  ])('%s: %j', (format, text, expected) => {
    expect(findings(text, format).filter((finding) => finding.includes('line-ending'))).toEqual(expected);
  });
});

test('findings come in the order of lines, those about the whole file last', () => {
  const text = `a.b=1\r\nPATH=tbd\nA="\n"\na.b=2\n#${' '.repeat(MAX_FILE)}`;
  expect(check(text).map(({ line, rule }) => `${line} ${rule}`)).toEqual([
    '1 line-ending',
    '1 name',
    '2 loader-name',
    '2 placeholder',
    '3 white-space',
    '5 duplicate',
    '5 name',
    'null too-large',
  ]);
});

describe('no finding holds a piece of a value', () => {
  const CANARY = 'xQ7Zj0Kw9Vb3Gy';
  const PIECES = Array.from({ length: CANARY.length - 3 }, (_, i) => CANARY.slice(i, i + 4));
  const shapes = [
    'A=@',
    'A=" @ "',
    'A=@"',
    'A="@',
    'A=${@}',
    'A=<@>',
    'A=your-@-here',
    "A='@'@",
    'A=@\rA=@',
    'A=@\nA=@',
    `A=${'@'.repeat(10_000)}`,
    'PATH=@',
    'ENVSEAL_A=@\r\n\n',
    '"@"',
    '= @',
    '{"A":"@"}',
    '{"A":" @","A":"@ "}',
    '{"A":"\\"@\\""}',
    '{"A":@}',
    '{"A":"${@}"}',
  ];

  test.each(shapes.flatMap((shape) => FORMATS.map((format) => [format, shape] as const)))(
    '%s: %j',
    (format, shape) => {
      const shown = inspect(check(shape.replaceAll('@', CANARY), format), { depth: Infinity });
      for (const piece of PIECES) expect(shown).not.toContain(piece);
    },
  );

  test('whatever the values around it', () => {
    fc.assert(
      fc.property(variables(), values(), values(), fc.constantFrom(...FORMATS), (map, one, other, kind) => {
        const pairs = [...map].map(([name, value]): [string, string] => [name, one + CANARY + value + other]);
        // In that dialect, each further line of a value would be a variable, and its name is not a secret.
        fc.pre(kind !== 'docker' || pairs.every(([, value]) => !/[\r\n]/.test(value)));
        const text = kind === 'json' ? JSON.stringify(Object.fromEntries(pairs)) : format(pairs);
        const shown = inspect(check(text, kind), { depth: Infinity });
        for (const piece of PIECES) expect(shown).not.toContain(piece);
      }),
      { numRuns: 500 },
    );
  });
});

test('whatever the bytes, checking gives findings, and a syntax error exactly where the parser refuses', () => {
  const texts = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    values().map((text) => new TextEncoder().encode(`A=1\n${text}\nB=2`)),
  );
  fc.assert(
    fc.property(texts, (bytes) => {
      for (const kind of FORMATS) {
        const refusal = errorOf(() => readBytes(bytes, kind))?.message;
        const syntax = check(bytes, kind).filter(({ rule }) => rule === 'syntax');
        expect(syntax.length).toBe(refusal === undefined || refusal.includes('each name once') ? 0 : 1);
        const [found] = syntax;
        if (found) expect(refusal).toContain(`line ${found.line}, ${found.message.replace(/;.*/, '')}`);
      }
    }),
    { numRuns: 1000 },
  );
});
