/** The alerting examples parse, ask for nothing that events do not have, and the receiver checks what it takes. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { accessEvent } from '../../src/events/event.ts';
import { ACCESS } from '../events/samples.ts';
import { describeReal } from '../real/available.ts';
import { pinnedProgram } from '../real/programs.ts';

const FOLDER = 'examples/alerting';

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

interface Node {
  readonly $ref?: string;
  readonly oneOf?: readonly Node[];
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
}

const { $defs } = JSON.parse(readFileSync('src/events/event.schema.json', 'utf8')) as {
  $defs: Record<string, Node>;
};

/** `data.place.pod` and its like, and those above them. */
function pathsOf(node: Node | undefined, path: string): string[] {
  if (node === undefined) return [];
  const inner = Object.entries(node.properties ?? {}).flatMap(([name, each]) =>
    pathsOf(each, path === '' ? name : `${path}.${name}`),
  );
  const referred = pathsOf($defs[node.$ref?.slice('#/$defs/'.length) ?? ''], path);
  return [path, ...referred, ...(node.oneOf ?? []).flatMap((each) => pathsOf(each, path)), ...inner];
}

const PATHS = new Set(['accessEvent', 'changeEvent'].flatMap((name) => pathsOf($defs[name], '')));
const CHANGE_PATHS = new Set(pathsOf($defs.changeEvent, ''));
const WORDS = new Set(
  ['accessEvent.type', 'changeEvent.type'].flatMap((path) => {
    const [name = '', field = ''] = path.split('.');
    return $defs[name]?.properties?.[field]?.enum ?? [];
  }),
);
const OUTCOMES = [...($defs.accessData?.properties?.outcome?.enum ?? []), 'done'];

/** How each kind of file names a field of the event. */
const FIELDS: Readonly<Record<string, RegExp>> = {
  'cloudformation.yaml': /\$\.([A-Za-z.]+)/g,
  'terraform/main.tf': /\$\.([A-Za-z.]+)/g,
  'savedsearches.conf': /\b(data\.[A-Za-z.]+|subject|type(?==))/g,
  'splunk-dashboard.json': /\b(data\.[A-Za-z.]+|subject|type(?==))/g,
  'cloud-monitoring-alert-policy.yaml': /jsonPayload\.([A-Za-z.]+)/g,
  'grafana-dashboard.json': /\b[a-z]+=\\"((?:data\.)[A-Za-z.]+|subject|type)\\"/g,
  'webhook-receiver.mjs': /\b(data\.[A-Za-z.]+)/g,
  'README.md': /`(data\.[A-Za-z.]+|subject|type)`/g,
};

describe('each query asks for', () => {
  test('every file is here', () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => name.includes('.')).toSorted()).toEqual(Object.keys(FIELDS).toSorted());
  });

  test.each(Object.entries(FIELDS))('fields that events have: %s', (file, pattern) => {
    const names = Array.from(read(file).matchAll(pattern), ([, name]) => (name as string).replace(/\.$/, ''));
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !PATHS.has(name))).toEqual([]);
  });

  test.each(Object.keys(FIELDS))('types and outcomes that events have: %s', (file) => {
    const text = read(file);
    const types = Array.from(text.matchAll(/envseal\.(?:access|change)\.[a-z-]+/g), ([type]) => type);
    expect(types.filter((type) => !WORDS.has(type))).toEqual([]);
    const outcomes = Array.from(text.matchAll(/outcome\W{1,6}"([a-z]+)"/g), ([, outcome]) => outcome);
    expect(outcomes.filter((outcome) => !OUTCOMES.includes(outcome as string))).toEqual([]);
  });

  /** Matches any way to write the dots: in a pattern, an expression, a JSON text. */
  const CHANGES = /envseal(?:\.|\[\.\])change/;

  test.each(Object.keys(FIELDS).filter((file) => file !== 'webhook-receiver.mjs'))(
    'changes too, by fields that those have: %s',
    (file) => {
      const queries = read(file)
        .replaceAll('\\\n', '')
        .split('\n')
        .filter((line) => CHANGES.test(line) && !/envseal\.access/.test(line));
      expect(queries.length).toBeGreaterThan(1);
      const names = queries.flatMap((query) =>
        Array.from(query.matchAll(FIELDS[file] as RegExp), ([, name]) => (name as string).replace(/\.$/, '')),
      );
      expect(names.filter((name) => !CHANGE_PATHS.has(name))).toEqual([]);
    },
  );

  test('a field that is none would be found', () => {
    expect([PATHS.has('data.place.pod'), PATHS.has('data.pod'), PATHS.has('data.kmsKeys')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(['data.command', 'data.previousVersion'].map((path) => CHANGE_PATHS.has(path))).toEqual([
      false,
      true,
    ]);
  });
});

interface Template {
  readonly Parameters: Record<string, { Type: string; Description: string }>;
  readonly Conditions: object;
  readonly Resources: Record<
    string,
    { Type: string; Condition?: string; Properties: Record<string, unknown> }
  >;
}

/** `!Ref A` becomes { Ref: 'A' }, as CloudFormation itself reads it. */
function parseTemplate(text: string): Template {
  const names = ['Ref', 'Sub', 'Join', 'Not', 'Equals'];
  const customTags = names.flatMap((name) => [
    { tag: `!${name}`, resolve: (value: string) => ({ [name]: value }) },
    { tag: `!${name}`, collection: 'seq' as const, resolve: (value: object) => ({ [name]: value }) },
  ]);
  return parse(text, { customTags, strict: true }) as Template;
}

describe('CloudFormation', () => {
  const { Parameters, Conditions, Resources } = parseTemplate(read('cloudformation.yaml'));
  const filters = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Logs::MetricFilter');
  const alarms = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');

  test('an alarm for each filter, by the same name and condition', () => {
    const metrics = filters.map(({ Condition, Properties }) => {
      const [first] = Properties.MetricTransformations as { MetricName: string }[];
      return [first?.MetricName, Condition];
    });
    expect(metrics).toHaveLength(8);
    expect(alarms.map(({ Condition, Properties }) => [Properties.MetricName, Condition])).toEqual(metrics);
  });

  test('what it refers to is there', () => {
    const text = read('cloudformation.yaml');
    const used = Array.from(text.matchAll(/!Ref (\w+)|\$\{(\w+)\}/g), ([, ref, sub]) => ref ?? sub);
    const known = [...Object.keys(Parameters), 'Known', 'Revoked', 'Changers'];
    expect(used.filter((name) => !known.includes(name as string))).toEqual([]);
    expect(Object.keys(Parameters).filter((name) => !used.includes(name))).toEqual([]);
    const conditions = Object.values(Resources).flatMap(({ Condition }) => Condition ?? []);
    expect(new Set(conditions)).toEqual(new Set(Object.keys(Conditions)));
  });

  test.each(
    Array.from(read('cloudformation.yaml').matchAll(/'(\{ .* \})'/g), ([, pattern]) => pattern as string),
  )('a pattern has both of each pair: %s', (pattern) => {
    for (const [open, close] of ['()', '{}']) {
      expect(pattern.split(open as string).length).toBe(pattern.split(close as string).length);
    }
    expect(pattern.split('"').length % 2).toBe(1);
  });
});

describeReal('hclfmt', 'Terraform', () => {
  test('is formatted HCL', () => {
    // It prints what it would write, and fails for what it cannot read.
    const output = execFileSync(pinnedProgram('hclfmt'), ['-check', join(FOLDER, 'terraform/main.tf')]);
    expect(output.toString()).toBe(read('terraform/main.tf'));
  });
});

describe('Terraform', () => {
  test('has the patterns of CloudFormation', () => {
    const text = read('terraform/main.tf').replaceAll('\\"', "'");
    const unquoted = (quoted: string) => quoted.replaceAll("'", '"');
    /** What Terraform makes of `join(" && ", [for name in var.list : "(… ${name} …)"])`. */
    const joined = (local: string, values: readonly string[]) => {
      const pattern = new RegExp(`${local} = join\\("([^"]+)", \\[for \\w+ in var\\.\\w+ : "([^"]+)"\\]\\)`);
      const [, between = '', each = ''] = pattern.exec(text) ?? [];
      return values.map((value) => each.replace(/\$\{\w+\}/, value)).join(between);
    };
    const locals: Readonly<Record<string, string>> = {
      'local.granted': /granted = "([^"]+)"/.exec(text)?.[1] ?? '',
      'local.unknown': joined('unknown', ['arn:a', 'arn:b*']),
      'local.revoked': joined('revoked', ['s3://old/env']),
      'local.changed': /changed = "([^"]+)"/.exec(text)?.[1] ?? '',
      'local.nobody': /nobody {2}= "([^"]+)"/.exec(text)?.[1] ?? '',
      'local.changer': joined('changer', ['arn:ci', 'arn:ann']),
      'var.ci_principal': 'arn:ci',
      source: 's3://snacks/env',
    };
    const patterns = Array.from(text.matchAll(/pattern += "([^"]+)"/g), ([, pattern = '']) =>
      unquoted(pattern.replaceAll(/\$\{([\w.]+)\}/g, (_, name) => locals[name] ?? 'unknown')),
    );
    expect(patterns.toSorted()).toEqual(cloudFormationPatterns().toSorted());
  });

  function cloudFormationPatterns(): string[] {
    const joined = (...names: string[]) => names.join('") && ($.data.principal.name != "');
    return Array.from(read('cloudformation.yaml').matchAll(/'(\{ .* \})'/g), ([, pattern]) =>
      (pattern as string)
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's.
        .replace('${Known}', joined('arn:a', 'arn:b*'))
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's.
        .replace('${Changers}', joined('arn:ci', 'arn:ann'))
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's.
        .replace('${CiPrincipal}', 'arn:ci')
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's.
        .replace('${Revoked}', 's3://old/env')
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's.
        .replace('${WatchedSource}', 's3://snacks/env'),
    );
  }
});

describe('Splunk', () => {
  /** Lines that end in \ go on. */
  const stanzas = read('savedsearches.conf')
    .replaceAll('\\\n', '')
    .split(/^(?=\[)/m)
    .slice(1)
    .map((text) => {
      const [head = '', ...lines] = text.trim().split('\n');
      return [head, Object.fromEntries(lines.map((line) => line.split(/ = (.*)/s).slice(0, 2)))] as const;
    });

  test('each saved search has what makes it an alert', () => {
    expect(stanzas).toHaveLength(8);
    for (const [head, settings] of stanzas) {
      expect(head).toMatch(/^\[envseal - [a-z ]+\]$/);
      expect(settings).toMatchObject({
        search: expect.stringMatching(/^index=envseal source=envseal /),
        cron_schedule: expect.stringMatching(/^(\S+ ){4}\S+$/),
        'dispatch.earliest_time': expect.any(String),
        'dispatch.latest_time': expect.any(String),
        enableSched: '1',
        counttype: 'number of events',
        relation: 'greater than',
        quantity: '0',
        'alert.track': '1',
      });
    }
  });

  test('the dashboard shows each search once', () => {
    const { dataSources, visualizations, layout, inputs } = JSON.parse(read('splunk-dashboard.json'));
    const shown = Object.values(visualizations as Record<string, { dataSources: { primary: string } }>);
    expect(shown.map((each) => each.dataSources.primary).toSorted()).toEqual(
      Object.keys(dataSources).toSorted(),
    );
    const placed = (layout.structure as { item: string }[]).map(({ item }) => item);
    expect(placed.toSorted()).toEqual(Object.keys(visualizations).toSorted());
    expect(layout.globalInputs).toEqual(Object.keys(inputs));
  });
});

test('Cloud Monitoring: the metric and the policy on it', () => {
  const text = read('cloud-monitoring-alert-policy.yaml');
  const [metric, policy] = parseAllDocuments(text, { strict: true }).map((document) => document.toJS());
  const labels = (metric.metricDescriptor.labels as { key: string }[]).map(({ key }) => key);
  expect(Object.keys(metric.labelExtractors)).toEqual(labels);
  const filters = (policy.conditions as { conditionThreshold: { filter: string } }[]).map(
    ({ conditionThreshold }) => conditionThreshold.filter,
  );
  expect(filters).toHaveLength(6);
  for (const filter of filters) {
    expect(filter).toContain(`metric.type="logging.googleapis.com/user/${metric.name}"`);
    expect(filter).toContain('resource.type=');
  }
  const used = Array.from(JSON.stringify(policy).matchAll(/metric\.labels\.(\w+)/g), ([, label]) => label);
  expect(used.filter((label) => !labels.includes(label as string))).toEqual([]);
  // As the first lines say it is taken apart.
  const [first = '', second = ''] = text.split(/^---$/m);
  expect([parse(first), parse(second)]).toEqual([metric, policy]);
});

test('Grafana: each panel asks Loki', () => {
  const { panels, templating } = JSON.parse(read('grafana-dashboard.json'));
  expect(templating.list).toMatchObject([{ name: 'loki', type: 'datasource', query: 'loki' }]);
  expect(panels).toHaveLength(9);
  for (const { title, targets, datasource } of panels) {
    expect(datasource).toEqual({ type: 'loki', uid: `$${'{loki}'}` });
    for (const { expr } of targets as { expr: string }[]) {
      for (const [open, close] of ['()', '{}', '[]']) {
        expect([title, expr.split(open as string).length]).toEqual([
          title,
          expr.split(close as string).length,
        ]);
      }
    }
  }
});

describe('the webhook receiver', () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  let receiver: ChildProcess;
  let url: string;
  const lines: string[] = [];

  beforeAll(async () => {
    receiver = spawn(process.execPath, [join(FOLDER, 'webhook-receiver.mjs')], {
      env: { ENVSEAL_WEBHOOK_SECRET: secret, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = createInterface({ input: receiver.stdout as NodeJS.ReadableStream });
    const [first] = (await once(output, 'line')) as [string];
    output.on('line', (line) => lines.push(line));
    url = `http://localhost:${/^listening on port (\d+)$/.exec(first)?.[1]}/`;
  });
  afterAll(async () => {
    receiver.kill();
    if (receiver.exitCode === null && receiver.signalCode === null) await once(receiver, 'exit');
  });

  const event = accessEvent(
    's3://snacks/prod/env',
    { ...ACCESS, outcome: 'refused', reason: 'wrong_key' },
    Date.now(),
  );
  const body = JSON.stringify(event);
  const now = () => Math.floor(Date.now() / 1000);

  function sign(text: string, time: number, by: Uint8Array = key): string {
    return `v1,${createHmac('sha256', by).update(`${event.id}.${time}.${text}`).digest('base64')}`;
  }

  async function post(text: string, time: number, signature: string, more = {}): Promise<number> {
    const headers = {
      'webhook-id': event.id,
      'webhook-timestamp': String(time),
      'webhook-signature': signature,
    };
    return (await fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: text })).status;
  }

  test('has 40 lines at most', () => {
    expect(read('webhook-receiver.mjs').trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  });

  test('takes what is signed, and reports it once', async () => {
    const time = now();
    expect(await post(body, time, sign(body, time))).toBe(204);
    expect(await post(body, time, sign(body, time))).toBe(204);
    const rotated = `${sign(body, time, randomBytes(32))} v1a,AAAA ${sign(body, time)}`;
    expect(await post(body, time, rotated)).toBe(204);
    await expect
      .poll(() => lines)
      .toEqual([`${event.time} envseal.access.refused wrong_key s3://snacks/prod/env`]);
  });

  test.each<[string, () => [text: string, time: number, signature: string]]>([
    ['by another key', () => [body, now(), sign(body, now(), randomBytes(32))]],
    ['of another body', () => [body.replace('wrong_key', 'expired'), now(), sign(body, now())]],
    ['of another time', () => [body, now(), sign(body, now() - 60)]],
    ['long ago', () => [body, now() - 301, sign(body, now() - 301)]],
    ['far ahead', () => [body, now() + 301, sign(body, now() + 301)]],
    ['without a signature', () => [body, now(), '']],
    ['with nothing', () => [body, now(), 'v1,']],
    ['with its start', () => [body, now(), sign(body, now()).slice(0, 20)]],
    ['with characters that are not ASCII', () => [body, now(), `v1,${'é'.repeat(44)}`]],
  ])('refuses what is signed %s', async (_, request) => {
    expect(await post(...request())).toBe(401);
  });

  test('refuses what is not for it, and goes on', async () => {
    const time = now();
    expect((await fetch(url)).status).toBe(413);
    expect((await fetch(url, { method: 'POST', body: 'A' })).status).toBe(401);
    const large = 'A'.repeat(600_000);
    expect(await post(large, time, sign(large, time)).catch(() => 413)).toBe(413);
    expect(await post('no JSON', time, sign('no JSON', time))).toBe(400);
    expect(await post('[]', time, sign('[]', time))).toBe(400);
    expect(await post(body, time, sign(body, time))).toBe(204);
  });

  test('does not start without a secret', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(FOLDER, 'webhook-receiver.mjs')], {
      env: {},
    });
    expect(status).toBe(1);
    expect(stderr.toString()).toContain('ENVSEAL_WEBHOOK_SECRET');
  });
});
