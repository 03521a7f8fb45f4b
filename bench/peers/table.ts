/** The peers. What is not found is named; what does not start is named with what it said. */
import { NODE, ROOT } from '../paths.ts';
import { throughProxy } from './environment.ts';
import { dotenvxFile, localFile, SOPS_AGE_KEY } from './files.ts';
import type { Peer, Setting } from './peer.ts';

const ANY = 1000;

const repeated = ({ sources }: Setting, words: readonly string[]) =>
  Array(sources).fill(words).flat() as string[];
const s3 = (setting: Setting) => repeated(setting, ['-s', `s3://snacks/many-${setting.variables}`]);
const object = ({ variables }: Setting) => `many-${variables}`;
/** For programs that read variables whose values are references. */
const references = ({ variables }: Setting, to: (name: string) => string) =>
  Object.fromEntries(Array.from({ length: variables }, (_, i) => [`VARIABLE_${i}`, to(`variable_${i}`)]));
const secretArn = (name: string) => `arn:aws:secretsmanager:us-east-1:111122223333:secret:${name}`;

export const PEERS: readonly Peer[] = [
  {
    name: 'the yardstick',
    kind: 'store',
    opens: 'S3, without the checks',
    origin: { from: 'here', path: ({ tools }) => tools.yardstick },
    start: (setting) => ({
      words: [setting.program, `s3://snacks/${object(setting)}`, '--', ...setting.command],
    }),
  },
  {
    name: 'envseal',
    kind: 'store',
    opens: 'S3, SSE-KMS',
    origin: { from: 'here', path: ({ program }) => program },
    maxSources: ANY,
    start: (setting) => ({ words: [setting.program, 'run', ...s3(setting), '--', ...setting.command] }),
  },
  {
    name: 'envseal.mjs on Node',
    kind: 'store',
    opens: 'S3, SSE-KMS',
    origin: { from: 'here', path: () => `${ROOT}dist/envseal.mjs` },
    maxSources: ANY,
    start: (setting) => ({ words: [NODE, setting.program, 'run', ...s3(setting), '--', ...setting.command] }),
  },
  {
    name: 'chamber',
    kind: 'store',
    opens: 'SSM',
    origin: { from: 'path', name: 'chamber' },
    maxSources: ANY,
    start: (setting) => ({
      words: [setting.program, 'exec', ...repeated(setting, [object(setting)]), '--', ...setting.command],
      env: {
        ...throughProxy(setting.bench),
        CHAMBER_AWS_SSM_ENDPOINT: setting.secure ? setting.bench.clouds.https : setting.bench.clouds.http,
      },
    }),
  },
  {
    name: 'ssm-env',
    kind: 'store',
    opens: 'SSM',
    origin: { from: 'path', name: 'ssm-env' },
    onlyTls: true,
    start: (setting) => ({
      words: [setting.program, '-with-decryption', ...setting.command],
      env: {
        ...throughProxy(setting.bench),
        ...references(setting, (name) => `ssm:///${object(setting)}/${name}`),
      },
    }),
  },
  {
    name: 'secrets-init',
    kind: 'store',
    opens: 'Secrets Manager',
    origin: { from: 'path', name: 'secrets-init' },
    onlyTls: true,
    start: (setting) => ({
      words: [setting.program, '--provider=aws', ...setting.command],
      env: { ...throughProxy(setting.bench), SECRETS: secretArn(object(setting)) },
    }),
  },
  {
    name: 'secret-init',
    kind: 'store',
    opens: 'Secrets Manager',
    origin: { from: 'path', name: 'secret-init' },
    onlyTls: true,
    start: (setting) => ({
      words: [setting.program, ...setting.command],
      env: { ...throughProxy(setting.bench), SECRETS: secretArn(object(setting)) },
    }),
  },
  {
    name: 'berglas',
    kind: 'store',
    opens: 'Secret Manager',
    origin: { from: 'path', name: 'berglas' },
    onlyTls: true,
    start: (setting) => ({
      words: [setting.program, 'exec', '--', ...setting.command],
      env: { ...throughProxy(setting.bench), ...references(setting, (name) => `sm://p/${name}`) },
    }),
  },
  {
    name: 'envconsul',
    kind: 'store',
    opens: 'Consul',
    origin: { from: 'path', name: 'envconsul' },
    start: ({ bench, secure, program, command, ...setting }) => ({
      words: [
        program,
        `-consul-addr=${new URL(secure ? bench.clouds.https : bench.clouds.http).host}`,
        `-consul-ssl=${secure}`,
        `-prefix=many-${setting.variables}`,
        '-once',
        ...command,
      ],
    }),
  },
  {
    name: 'AWS SDK on Node',
    kind: 'store',
    opens: 'S3, without the checks',
    origin: { from: 'here', path: () => `${ROOT}.cache/bench/sdk-get/get.mjs` },
    maxSources: ANY,
    start: (setting) => ({
      words: [NODE, setting.program, ...repeated(setting, [object(setting)]), '--', ...setting.command],
    }),
  },
  {
    name: 'boto3',
    kind: 'store',
    opens: 'S3, without the checks',
    origin: { from: 'pypi', name: 'python', packages: ['boto3', 'botocore', 's3transfer', 'urllib3'] },
    maxSources: ANY,
    start: (setting) => ({
      words: [
        setting.program,
        `${ROOT}bench/peers/get.py`,
        ...repeated(setting, [object(setting)]),
        '--',
        ...setting.command,
      ],
    }),
  },
  {
    name: '`aws s3 cp` in a shell',
    kind: 'store',
    opens: 'S3, without the checks',
    origin: { from: 'pypi', name: 'aws', packages: ['awscli', 'botocore', 's3transfer', 'urllib3'] },
    maxSources: ANY,
    start: (setting) => ({
      words: [
        '/bin/sh',
        '-ec',
        'aws=$1; shift; set -a; while [ "$1" != -- ]; do eval "$("$aws" s3 cp "s3://snacks/$1" -)"; shift; done; shift; exec "$@"',
        'sh',
        setting.program,
        ...repeated(setting, [object(setting)]),
        '--',
        ...setting.command,
      ],
    }),
  },
  {
    name: 'envseal, SOPS',
    kind: 'sops-kms',
    opens: 'a SOPS file, AWS KMS',
    origin: { from: 'here', path: ({ program }) => program },
    start: ({ bench, program, variables, command }) => ({
      words: [program, 'run', '-s', localFile(bench, 'kms', variables), '--', ...command],
    }),
  },
  {
    name: '`sops exec-env`',
    kind: 'sops-kms',
    opens: 'a SOPS file, AWS KMS',
    origin: { from: 'go', name: 'sops' },
    start: ({ bench, program, variables, command }) => ({
      words: [program, 'exec-env', localFile(bench, 'kms', variables), command.join(' ')],
    }),
  },
  {
    name: '`sops exec-env --same-process`',
    kind: 'sops-kms',
    opens: 'a SOPS file, AWS KMS',
    origin: { from: 'go', name: 'sops' },
    start: ({ bench, program, variables, command }) => ({
      words: [program, 'exec-env', '--same-process', localFile(bench, 'kms', variables), command.join(' ')],
    }),
  },
  {
    name: 'envseal, SOPS with age',
    kind: 'local',
    opens: 'a SOPS file, age',
    origin: { from: 'here', path: ({ program }) => program },
    maxSources: ANY,
    start: (setting) => ({
      words: [
        setting.program,
        'run',
        ...repeated(setting, ['-s', localFile(setting.bench, 'age', setting.variables)]),
        '--',
        ...setting.command,
      ],
      env: { SOPS_AGE_KEY },
    }),
  },
  {
    name: '`sops exec-env`, age',
    kind: 'local',
    opens: 'a SOPS file, age',
    origin: { from: 'go', name: 'sops' },
    start: ({ bench, program, variables, command }) => ({
      words: [program, 'exec-env', localFile(bench, 'age', variables), command.join(' ')],
      env: { SOPS_AGE_KEY },
    }),
  },
  {
    name: 'dotenvx',
    kind: 'local',
    opens: 'an encrypted .env file',
    origin: { from: 'npm', name: 'dotenvx', spec: '@dotenvx/dotenvx@2.38.2' },
    maxSources: ANY,
    start: (setting) => {
      const { path, privateKey } = dotenvxFile(setting.bench, setting.program, setting.variables);
      return {
        words: [NODE, setting.program, 'run', ...repeated(setting, ['-f', path]), '--', ...setting.command],
        env: { DOTENV_PRIVATE_KEY: privateKey },
      };
    },
  },
  {
    name: '`node --env-file`',
    kind: 'unsealed',
    opens: 'a plain .env file',
    origin: { from: 'here', path: () => NODE },
    maxSources: ANY,
    start: (setting) => ({
      words: [
        setting.program,
        ...repeated(setting, [`--env-file=${localFile(setting.bench, 'plain', setting.variables)}`]),
        '--eval',
        'process.execve(process.argv[1], process.argv.slice(1), process.env)',
        '--',
        ...setting.command,
      ],
    }),
  },
];
