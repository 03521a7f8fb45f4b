/** The id of the container that this process is in, as the kernel's files and ECS name it. Pure. */

/** 64 digits everywhere but on Fargate: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-examples.html */
const ID = '[0-9a-f]{64}|[0-9a-f]{32}-[0-9]{1,20}';
/** Characters that the shortest has. */
const MIN_ID = 34;
/** A part of a path: alone, or as `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `libpod-ID.scope`, `…:ID`. */
const inCgroup = () => new RegExp(`[/:-](${ID})(?:\\.scope)?(?=/|$)`, 'g');

/** Beside the files that a runtime makes for one container; `userdata` is of Podman and CRI-O. */
const besideFile = () =>
  new RegExp(`/(${ID})/(?:userdata/)?(?:\\.containerenv|hostname|hosts|resolv\\.conf)$`);

/** Podman and CRI-O give each container its own. https://github.com/cri-o/cri-o/pull/5463 */
const OWN_FILES = ['/run/.containerenv'];
const CGROUP = '/sys/fs/cgroup';
/** From the network's owner: the container's own, unless it shares the network of another. */
const NETWORK_FILES = ['/etc/hostname', '/etc/resolv.conf', '/etc/hosts'];

export function isContainerId(text: string): boolean {
  return new RegExp(`^(?:${ID})$`).test(text);
}

/**
 * From `/proc/self/cgroup`: lines `0::/PATH` or `4:memory:/PATH`. In Docker inside of Docker the last id is
 * ours. Nothing is there where the container has a cgroup namespace: it sees `/`.
 * https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
export function containerInCgroup(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const path = /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1];
    const id = path === undefined ? undefined : lastIdIn(path);
    if (id !== undefined) return id;
  }
  return undefined;
}

/**
 * From `/proc/self/mountinfo`, whose fourth word is the folder that is mounted and whose fifth the place
 * where: the cgroup itself, where it has its full path, or else the files that the runtime made for this
 * container.
 *
 * In a pod or a task of ECS the network's files may be those of its pause container, which is not us, so most of those
 * with cgroup v2 find nothing. https://github.com/open-telemetry/opentelemetry-go/pull/3508
 * https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export function containerInMounts(text: string, mayShareNetwork: boolean): string | undefined {
  const roots = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, , , root = '', point = ''] = line.split(' ', 5);
    const id = point === CGROUP || point.startsWith(`${CGROUP}/`) ? lastIdIn(root) : undefined;
    if (id !== undefined) return id;
    roots.set(point, root);
  }
  // Kubernetes without its variables: a static pod, say.
  const isShared = mayShareNetwork || roots.has('/dev/termination-log');
  for (const point of isShared ? OWN_FILES : [...OWN_FILES, ...NETWORK_FILES]) {
    const root = roots.get(point) ?? '';
    const id = root.length > MIN_ID ? besideFile().exec(root)?.[1] : undefined;
    if (id !== undefined && !root.includes('/sandboxes/')) return id;
  }
  return undefined;
}

/**
 * From `http://169.254.170.2/v4/ID`: on Fargate the container's, on EC2 a UUID that nothing else knows, so it
 * is not taken.
 */
export function containerInTaskUri(uri: string): string | undefined {
  const last = uri.slice(uri.lastIndexOf('/') + 1);
  return isContainerId(last) ? last : undefined;
}

function lastIdIn(path: string): string | undefined {
  // Outside of containers it is `/`: an interpreter takes longer to compile the expression than to find nothing.
  if (path.length <= MIN_ID) return undefined;
  let last: string | undefined;
  const pattern = inCgroup();
  for (let found = pattern.exec(path); found !== null; found = pattern.exec(path)) last = found[1];
  return last;
}
