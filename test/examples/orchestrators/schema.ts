/** Kubernetes' own OpenAPI schemas, as the package kubernetes-models compiles them. */
import type { Manifest } from './examples.ts';

interface Validate {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string; readonly keyword: string }[];
}

const PREFIXES: Readonly<Record<string, string>> = {
  v1: 'CoreV1',
  'apps/v1': 'AppsV1',
  'batch/v1': 'BatchV1',
  'networking.k8s.io/v1': 'NetworkingV1',
};

/** Fields with a wrong type or missing, and fields that Kubernetes does not know. */
export async function faultsOf(manifest: Manifest): Promise<string[]> {
  const prefix = PREFIXES[manifest.apiVersion];
  if (prefix === undefined) return [`no schema for ${manifest.apiVersion}`];
  const { validate } = (await import(
    `kubernetes-models/_schemas/IoK8sApi${prefix}${manifest.kind}`
  )) as unknown as { validate: Validate };
  const unread = new Set<string>();
  validate(watch(manifest, '', unread));
  const wrong = validate.errors?.map(({ instancePath, keyword }) => `${instancePath}: ${keyword}`) ?? [];
  return [...wrong, ...Array.from(unread, (path) => `${path}: unknown`)];
}

/** The schemas leave unknown fields alone: their validator reads each field that they name, and so not the others. */
function watch(value: unknown, path: string, unread: Set<string>): unknown {
  if (value === null || typeof value !== 'object') return value;
  const isList = Array.isArray(value);
  const pathOf = (name: string) => `${path}/${name}`;
  if (!isList) for (const name of Object.keys(value)) unread.add(pathOf(name));
  const inner = new Map<string, unknown>();
  return new Proxy(value, {
    get(target, name) {
      const found = Reflect.get(target, name);
      if (typeof name !== 'string' || !Object.hasOwn(target, name) || (isList && name === 'length'))
        return found;
      unread.delete(pathOf(name));
      if (!inner.has(name)) inner.set(name, watch(found, pathOf(name), unread));
      return inner.get(name);
    },
  });
}
