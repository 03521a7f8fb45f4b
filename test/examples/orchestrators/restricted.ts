/**
 * The profile `restricted`, as far as a pod of the examples can be at odds with it.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
import { type Container, containersOf, type PodSpec, type Volume } from './examples.ts';

/** `image` is allowed since Kubernetes 1.33. https://github.com/kubernetes/kubernetes/pull/130394 */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const OF_THE_HOST = ['hostNetwork', 'hostPID', 'hostIPC'];

export function violationsOf(pod: PodSpec): string[] {
  return [
    ...OF_THE_HOST.filter((name) => name in pod),
    ...(pod.volumes ?? []).flatMap(ofVolume),
    ...containersOf(pod).flatMap((container) => ofContainer(container, pod)),
  ];
}

function ofVolume({ name, ...source }: Volume): string[] {
  return Object.keys(source)
    .filter((kind) => !VOLUMES.includes(kind))
    .map((kind) => `volume ${name}: ${kind}`);
}

function ofContainer({ name, securityContext = {} }: Container, pod: PodSpec): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: whatever it is, it is compared.
  const context: any = { ...pod.securityContext, ...securityContext };
  const rules: Readonly<Record<string, boolean>> = {
    runAsNonRoot: context.runAsNonRoot === true && context.runAsUser !== 0,
    seccompProfile: ['RuntimeDefault', 'Localhost'].includes(context.seccompProfile?.type),
    allowPrivilegeEscalation: context.allowPrivilegeEscalation === false,
    privileged: context.privileged === undefined,
    capabilities: context.capabilities?.drop?.includes('ALL') && !context.capabilities.add,
  };
  const broken = Object.keys(rules).filter((rule) => !rules[rule]);
  return broken.map((rule) => `container ${name}: ${rule}`);
}
