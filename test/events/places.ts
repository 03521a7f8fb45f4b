/** What the kernel's files say in containers of each kind. Paths of the kind that each runtime makes, shortened. */

export interface Sample {
  readonly files: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly containerId: string | null;
}

/** Ours, that of the pod's pause container, and that of a container around ours. */
export const OURS = '0f3deade416514b65143bdb917f86c290bf21b176d70d8ad8c4992469fdb28e6';
const PAUSE = '7a1e51b1b1c4d6e2f08bb0f3a0f7e05f7b8c7c0a9c52b1d3e4f5061728394a5b';
const OUTER = 'c3d2a1908f7e6d5c4b3a29181706f5e4d3c2b1a0998877665544332211005544';
const LAYER = '6b1f50d489100ae1318b0836f13655273e471a92367a3f0d95d61d9e828d45f2';
const POD_UID = '3f4a6b1c_9d2e_4f57_8a6b_1c2d3e4f5061';

const PRIVATE_CGROUP = '0::/\n';

const DOCKER_ROOT = `659 450 0:183 / / rw,relatime master:88 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/WFCW3YCYXT:/var/lib/docker/overlay2/l/WRMUNELZQO,upperdir=/var/lib/docker/overlay2/${LAYER}/diff,workdir=/var/lib/docker/overlay2/${LAYER}/work
660 659 0:185 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
661 659 0:186 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
663 659 0:181 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
664 663 0:31 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
`;

function dockerFiles(id: string): string {
  return ['resolv.conf', 'hostname', 'hosts']
    .map(
      (file, i) =>
        `${670 + i} 659 254:1 /docker/containers/${id}/${file} /etc/${file} rw,relatime - ext4 /dev/vda1 rw\n`,
    )
    .join('');
}

const CONTAINERD_ROOT = `1320 1357 0:377 / / rw,relatime master:247 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/154/fs:/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/146/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/155/fs
1321 1320 0:379 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1325 1322 0:380 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
1326 1325 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
1327 1320 259:1 /var/lib/kubelet/pods/3f4a6b1c-9d2e-4f57-8a6b-1c2d3e4f5061/etc-hosts /etc/hosts rw,noatime - xfs /dev/nvme0n1p1 rw
1328 1322 259:1 /var/lib/kubelet/pods/3f4a6b1c-9d2e-4f57-8a6b-1c2d3e4f5061/containers/snacks/5f8a1c2b /dev/termination-log rw,noatime - xfs /dev/nvme0n1p1 rw
1329 1320 259:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${PAUSE}/hostname /etc/hostname rw,noatime - xfs /dev/nvme0n1p1 rw
1330 1320 259:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${PAUSE}/resolv.conf /etc/resolv.conf rw,noatime - xfs /dev/nvme0n1p1 rw
`;

const CRIO_MOUNTS = `1400 1399 0:400 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/containers/storage/overlay/l/JB6M4RNLP4
1401 1400 0:24 /containers/storage/overlay-containers/${PAUSE}/userdata/resolv.conf /etc/resolv.conf rw,nosuid,nodev,noexec - tmpfs tmpfs rw,mode=755
1402 1400 0:24 /containers/storage/overlay-containers/${PAUSE}/userdata/hostname /etc/hostname rw,nosuid,nodev,noexec - tmpfs tmpfs rw,mode=755
1403 1400 0:24 /containers/storage/overlay-containers/${OURS}/userdata/.containerenv /run/.containerenv rw,nosuid,nodev,noexec - tmpfs tmpfs rw,mode=755
1404 1400 259:4 /var/lib/kubelet/pods/3f4a6b1c-9d2e-4f57-8a6b-1c2d3e4f5061/containers/snacks/9a8b7c6d /dev/termination-log rw - xfs /dev/nvme0n1p4 rw
`;

const PODMAN_MOUNTS = `495 499 0:54 /containers/overlay-containers/${OURS}/userdata/.containerenv /run/.containerenv rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=792480k,mode=700,uid=1000,gid=1000,inode64
496 499 0:54 /containers/overlay-containers/${OURS}/userdata/run/secrets /run/secrets rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=792480k
499 325 0:81 / / rw,relatime - overlay overlay rw,lowerdir=/home/kiosk/.local/share/containers/storage/overlay/l/HRSQNMWW6Y
510 499 0:54 /containers/overlay-containers/${PAUSE}/userdata/hostname /etc/hostname rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=792480k
`;

const HOST_MOUNTS = `22 27 0:21 / /proc rw,relatime shared:12 - proc proc rw
23 27 0:22 / /sys rw,relatime shared:7 - sysfs sysfs rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
31 23 0:28 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw
610 27 0:54 / /var/lib/docker/overlay2/${LAYER}/merged rw,relatime shared:300 - overlay overlay rw
`;

const KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.100.0.1', HOSTNAME: 'snacks-6d4cf56db6-x7zqk' };

function sample(
  cgroup: string,
  mountinfo: string,
  containerId: string | null,
  variables: Record<string, string> = {},
): Sample {
  return {
    files: { '/proc/self/cgroup': cgroup, '/proc/self/mountinfo': mountinfo },
    variables,
    containerId,
  };
}

function v1(path: string): string {
  const controllers = ['name=systemd', 'pids', 'cpu,cpuacct', 'memory'];
  return controllers.map((each, i) => `${12 - i}:${each}:${path}\n`).join('');
}

export const SAMPLES: Readonly<Record<string, Sample>> = {
  'Docker, cgroup v1': sample(v1(`/docker/${OURS}`), DOCKER_ROOT, OURS),
  'Docker, cgroup v1 of systemd': sample(v1(`/system.slice/docker-${OURS}.scope`), DOCKER_ROOT, OURS),
  'Docker, cgroup v2': sample(PRIVATE_CGROUP, DOCKER_ROOT + dockerFiles(OURS), OURS),
  'Docker, cgroup v2 of the host': sample(`0::/system.slice/docker-${OURS}.scope\n`, '', OURS),
  'Docker in Docker': sample(v1(`/docker/${OUTER}/docker/${OURS}`), DOCKER_ROOT, OURS),
  'systemd in Docker': sample(`0::/docker/${OURS}/system.slice/app.service\n`, DOCKER_ROOT, OURS),
  'containerd, cgroup v1': sample(
    v1(`/kubepods/burstable/pod3f4a6b1c-9d2e-4f57-8a6b-1c2d3e4f5061/${OURS}`),
    CONTAINERD_ROOT,
    OURS,
    KUBERNETES,
  ),
  'containerd, cgroup v1 of systemd': sample(
    v1(
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_UID}.slice/cri-containerd-${OURS}.scope`,
    ),
    CONTAINERD_ROOT,
    OURS,
    KUBERNETES,
  ),
  'containerd, cgroup v1 of its service': sample(
    v1(`/system.slice/containerd.service/kubepods-burstable-pod${POD_UID}.slice:cri-containerd:${OURS}`),
    CONTAINERD_ROOT,
    OURS,
    KUBERNETES,
  ),
  'containerd, cgroup v2: only its pause container is named': sample(
    PRIVATE_CGROUP,
    CONTAINERD_ROOT,
    null,
    KUBERNETES,
  ),
  'containerd, a static pod': sample(PRIVATE_CGROUP, CONTAINERD_ROOT, null),
  'containerd, cgroup v2, mounted from the host': sample(
    PRIVATE_CGROUP,
    CONTAINERD_ROOT.replace(
      '0:28 / /sys/fs/cgroup',
      `0:28 /kubepods.slice/kubepods-pod${POD_UID}.slice/cri-containerd-${OURS}.scope /sys/fs/cgroup`,
    ),
    OURS,
    KUBERNETES,
  ),
  'Docker in Kubernetes, cgroup v2': sample(
    PRIVATE_CGROUP,
    DOCKER_ROOT + dockerFiles(PAUSE),
    null,
    KUBERNETES,
  ),
  nerdctl: sample(
    PRIVATE_CGROUP,
    `700 1 254:1 /var/lib/nerdctl/1935db59/containers/default/${OURS}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw\n`,
    OURS,
  ),
  'CRI-O, cgroup v1': sample(
    v1(
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_UID}.slice/crio-${OURS}.scope`,
    ),
    CRIO_MOUNTS,
    OURS,
    KUBERNETES,
  ),
  'CRI-O, cgroup v2': sample(PRIVATE_CGROUP, CRIO_MOUNTS, OURS, KUBERNETES),
  'Podman, cgroup v1': sample(v1(`/machine.slice/libpod-${OURS}.scope`), PODMAN_MOUNTS, OURS),
  'Podman, cgroup v1 without systemd': sample(v1(`/libpod_parent/libpod-${OURS}`), PODMAN_MOUNTS, OURS),
  'Podman without root': sample(
    `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${OURS}.scope/container\n`,
    PODMAN_MOUNTS,
    OURS,
  ),
  'Podman in a pod, cgroup v2': sample(PRIVATE_CGROUP, PODMAN_MOUNTS, OURS),
  'ECS on EC2': sample(v1(`/ecs/3e5b0a1c2d4f4c6b8a7d9e0f1a2b3c4d/${OURS}`), DOCKER_ROOT, OURS, {
    ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/f648b39f-82d5-48d6-812a-36d2c3ad487f',
  }),
  'ECS on EC2, cgroup v2: the files may be those of its pause container': sample(
    PRIVATE_CGROUP,
    DOCKER_ROOT + dockerFiles(PAUSE),
    null,
    { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/f648b39f-82d5-48d6-812a-36d2c3ad487f' },
  ),
  'ECS on Fargate': sample(
    v1('/ecs/e4e1c46c373947bc90d0a6f580c1f5d4/e4e1c46c373947bc90d0a6f580c1f5d4-1019270606'),
    '',
    'e4e1c46c373947bc90d0a6f580c1f5d4-1019270606',
  ),
  'ECS on Fargate, by its variable': sample(
    PRIVATE_CGROUP,
    '',
    'e4e1c46c373947bc90d0a6f580c1f5d4-1019270606',
    {
      ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/e4e1c46c373947bc90d0a6f580c1f5d4-1019270606',
    },
  ),
  'by the attribute of OpenTelemetry': sample(PRIVATE_CGROUP, '', OURS, {
    OTEL_RESOURCE_ATTRIBUTES: `service.name=snacks,container.id=${OURS}`,
  }),
  'a plain host': sample(
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u42.scope\n',
    HOST_MOUNTS,
    null,
  ),
  'a host without /proc': { files: {}, variables: {}, containerId: null },
};
