/** Limits of memory and CPU by control groups of the bench's own, of either version. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

export interface Limit {
  readonly memoryBytes?: number;
  /** 0.1 is 100 millicores. */
  readonly cpus?: number;
}

export interface Group extends Disposable {
  /** What a process writes itself into. */
  readonly join: readonly string[];
}

const MOUNT = '/sys/fs/cgroup';
/** The kernel's default. */
const PERIOD_US = 100_000;
let made = 0;

/** Nothing, where this process may not make control groups. */
export function makeGroup(limit: Limit): Group | undefined {
  const folders: string[] = [];
  try {
    for (const [folder, files] of Object.entries(
      existsSync(`${MOUNT}/cgroup.controllers`) ? v2(limit) : v1(limit),
    )) {
      mkdirSync(folder);
      folders.push(folder);
      for (const [name, value] of Object.entries(files)) writeFileSync(`${folder}/${name}`, value);
    }
  } catch {
    folders.forEach(remove);
    return undefined;
  }
  return {
    join: folders.map((folder) => `${folder}/cgroup.procs`),
    [Symbol.dispose]: () => folders.forEach(remove),
  };
}

type Files = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** https://docs.kernel.org/admin-guide/cgroup-v1/memory.html */
function v1({ memoryBytes, cpus }: Limit): Files {
  const name = `envseal-bench-${process.pid}-${made++}`;
  return {
    ...(memoryBytes !== undefined && {
      [`${MOUNT}/memory/${name}`]: { 'memory.limit_in_bytes': String(memoryBytes) },
    }),
    ...(cpus !== undefined && {
      [`${MOUNT}/cpu/${name}`]: {
        'cpu.cfs_period_us': String(PERIOD_US),
        'cpu.cfs_quota_us': String(cpus * PERIOD_US),
      },
    }),
  };
}

/** https://docs.kernel.org/admin-guide/cgroup-v2.html */
function v2({ memoryBytes, cpus }: Limit): Files {
  const enabled = readFileSync(`${MOUNT}/cgroup.subtree_control`, 'utf8').split(/\s+/);
  const wanted = [...(memoryBytes === undefined ? [] : ['memory']), ...(cpus === undefined ? [] : ['cpu'])];
  const missing = wanted.filter((controller) => !enabled.includes(controller));
  for (const controller of missing) writeFileSync(`${MOUNT}/cgroup.subtree_control`, `+${controller}`);
  return {
    [`${MOUNT}/envseal-bench-${process.pid}-${made++}`]: {
      ...(memoryBytes !== undefined && { 'memory.max': String(memoryBytes), 'memory.swap.max': '0' }),
      ...(cpus !== undefined && { 'cpu.max': `${cpus * PERIOD_US} ${PERIOD_US}` }),
    },
  };
}

/** A group whose last process is not reaped yet stays, empty. */
function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {}
}
