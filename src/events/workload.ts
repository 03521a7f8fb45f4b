/**
 * Where this runs, from the environment and files that are always there, without a request. What is not clear
 * is `null`, because a wrong container in an audit log is worse than none.
 */
import type { System } from '../system/system.ts';
import { containerInCgroup, containerInMounts, containerInTaskUri, isContainerId } from './container-id.ts';
import type { Workload } from './event.ts';
import { LIMITS, visibleOrNull } from './text.ts';

export interface WorkloadSources {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly system: System;
}

/** Names that manifests give to fields of the downward API; there is no standard. */
const POD_VARIABLES = ['POD_NAME', 'K8S_POD_NAME', 'MY_POD_NAME', 'KUBERNETES_POD_NAME'];
const NAMESPACE_VARIABLES = [
  'POD_NAMESPACE',
  'K8S_POD_NAMESPACE',
  'MY_POD_NAMESPACE',
  'K8S_NAMESPACE',
  'KUBERNETES_NAMESPACE',
];
const NODE_VARIABLES = ['NODE_NAME', 'K8S_NODE_NAME', 'MY_NODE_NAME', 'KUBERNETES_NODE_NAME'];
const IMAGE_VARIABLES = ['CONTAINER_IMAGE', 'K8S_CONTAINER_IMAGE'];

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

const MAX_NAME_FILE_BYTES = 4 * 1024;
const MAX_CGROUP_BYTES = 64 * 1024;
/** A line of an overlay names each of its layers, so some are long. */
const MAX_MOUNTINFO_BYTES = 512 * 1024;

export function readWorkload({ variables, system }: WorkloadSources): Workload {
  const resource = parseResource(variables.OTEL_RESOURCE_ATTRIBUTES ?? '');
  const isPod = !!variables.KUBERNETES_SERVICE_HOST;
  const oneOf = (names: readonly string[], attribute: string) => {
    for (const each of names) {
      const shown = name(variables[each]);
      if (shown !== null) return shown;
    }
    return name(resource.get(attribute));
  };
  return {
    host: name(variables.HOSTNAME) ?? name(read(system, '/proc/sys/kernel/hostname', MAX_NAME_FILE_BYTES)),
    containerId: readContainerId(resource.get('container.id'), { variables, system }),
    pod: oneOf(POD_VARIABLES, 'k8s.pod.name') ?? (isPod ? name(variables.HOSTNAME) : null),
    namespace:
      oneOf(NAMESPACE_VARIABLES, 'k8s.namespace.name') ??
      (isPod ? name(read(system, NAMESPACE_FILE, MAX_NAME_FILE_BYTES)) : null),
    node: oneOf(NODE_VARIABLES, 'k8s.node.name'),
    image: oneOf(IMAGE_VARIABLES, 'container.image.name'),
  };
}

function readContainerId(
  attribute: string | undefined,
  { variables, system }: WorkloadSources,
): string | null {
  const mayShareNetwork = !!(variables.KUBERNETES_SERVICE_HOST || variables.ECS_CONTAINER_METADATA_URI_V4);
  return (
    containerInCgroup(read(system, '/proc/self/cgroup', MAX_CGROUP_BYTES)) ??
    containerInMounts(read(system, '/proc/self/mountinfo', MAX_MOUNTINFO_BYTES), mayShareNetwork) ??
    containerInTaskUri(variables.ECS_CONTAINER_METADATA_URI_V4 ?? '') ??
    (attribute !== undefined && isContainerId(attribute) ? attribute : null)
  );
}

/** `null` where nothing is visible. */
function name(text: string | undefined): string | null {
  return text === undefined ? null : visibleOrNull(text, LIMITS.name);
}

/**
 * `key1=value1,key2=value2`, values percent-encoded; what cannot be decoded is left out.
 * https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
function parseResource(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    try {
      found.set(pair.slice(0, equals).trim(), decodeURIComponent(pair.slice(equals + 1).trim()));
    } catch {
      // An invalid % escape.
    }
  }
  return found;
}

/** Empty where the file cannot be read. */
function read(system: System, path: string, limit: number): string {
  try {
    return new TextDecoder().decode(system.readFile(path, limit));
  } catch {
    return '';
  }
}
