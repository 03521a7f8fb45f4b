/** The examples for orchestrators as files, and what each gives to envseal. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const FOLDER = 'examples';
export const OURS = [
  'kubernetes',
  'kustomize',
  'helm',
  'rancher',
  'ecs',
  'cloud-run',
  'nomad',
  'systemd',
] as const;

export type Variables = Readonly<Record<string, string>>;

export interface Volume {
  readonly name: string;
  readonly image?: { readonly reference: string };
  readonly emptyDir?: object;
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port?: string };
  readonly exec?: object;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly object[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
    readonly readOnly?: boolean;
  }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly restartPolicy?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Variables;
  };
  readonly data?: Variables;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds depends on the kind.
  readonly spec?: any;
}

export function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** Paths below `examples/`, without folders. */
export function filesOf(folder: string): string[] {
  return globSync('**/*', { cwd: join(FOLDER, folder), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(FOLDER.length + 1))
    .sort();
}

/** Throws where a line is not YAML, and where a name is there twice. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

/** The pod that a manifest makes, whatever makes it. */
export function podOf({ kind, spec }: Manifest): PodSpec | undefined {
  if (kind === 'Pod') return spec;
  if (kind === 'CronJob') return spec.jobTemplate.spec.template.spec;
  return spec?.template?.spec;
}

/** With the containers that start and end before the others. */
export function containersOf({ initContainers = [], containers }: PodSpec): Container[] {
  return [...initContainers, ...containers];
}

/** The variables that a container's manifest writes out, and those of the ConfigMaps beside it. */
export function variablesOf({ env = [], envFrom = [] }: Container, all: readonly Manifest[] = []): Variables {
  const maps = envFrom.map(({ configMapRef }) => {
    const map = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name);
    if (map?.data === undefined) throw new Error(`there is no ConfigMap ${configMapRef.name}`);
    return map.data;
  });
  const own = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
  return Object.assign({}, ...maps, Object.fromEntries(own));
}
