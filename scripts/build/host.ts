/** The container executable: cargo builds the host, and the linker joins it with the bytecode of the bundle. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';

const root = fileURLToPath(new URL('../..', import.meta.url));
const host = `${root}host`;

export interface HostTarget {
  /** As Rust calls it. */
  readonly triple: string;
  /** The C compiler that links for it. */
  readonly cc: string;
}

export const TARGETS: Readonly<Record<string, HostTarget>> = {
  x64: { triple: 'x86_64-unknown-linux-gnu', cc: 'cc' },
  arm64: { triple: 'aarch64-unknown-linux-gnu', cc: 'aarch64-linux-gnu-gcc' },
};

/** 1.88, as host/Cargo.toml says. */
const LEAST_RUST = 1088;

/** What is missing for a build, as a line for people; `undefined` if nothing is. */
export function missingForHost(arch: string = process.arch): string | undefined {
  if (process.platform !== 'linux') return 'the container executable is for Linux, and is built there';
  const { triple, cc } = TARGETS[arch] as HostTarget;
  for (const [program, hint] of [
    ['cargo', 'install Rust 1.88 or later'],
    ['cc', 'install gcc and libc6-dev'],
    [cc, 'install gcc-aarch64-linux-gnu and libc6-dev-arm64-cross'],
  ] as const) {
    if (execaSync(program, ['--version'], { reject: false }).failed) return `${program} is missing: ${hint}`;
  }
  const version = /^rustc (\d+)\.(\d+)/.exec(
    execaSync('rustc', ['--version'], { reject: false }).stdout ?? '',
  );
  if (version === null || Number(version[1]) * 1000 + Number(version[2]) < LEAST_RUST)
    return `${version === null ? 'rustc is missing' : `this is ${version[0]}`}: install Rust 1.88 or later`;
  const { stdout } = execaSync('rustc', ['--print', 'target-libdir', '--target', triple]);
  if (!existsSync(stdout)) return `Rust has no libraries for ${triple}: rustup target add ${triple}`;
  return undefined;
}

export interface HostBuild {
  readonly target: HostTarget;
  /** Cargo's profile: `release`, or `fast` while the host is being changed. */
  readonly profile: 'release' | 'fast';
}

/** Path of the host as a library. */
export function buildHost({ target, profile }: HostBuild): string {
  const targetDir = process.env.CARGO_TARGET_DIR ?? `${host}/target`;
  // Where it is built must not be part of what is built.
  const cargoHome = process.env.CARGO_HOME ?? `${homedir()}/.cargo`;
  const remap = { [cargoHome]: '/cargo', [root.slice(0, -1)]: '/envseal' };
  const rustFlags = ['-C', 'target-feature=+crt-static', '-C', 'relocation-model=static'];
  // At a fixed address too, where functions of one file may be inlined into each other.
  const cFlags = ['-fno-pic'];
  // A panic ends the process: nothing is unwound, and the tables for that would be a twentieth of the file.
  rustFlags.push('-C', 'force-unwind-tables=no');
  cFlags.push('-fno-unwind-tables', '-fno-asynchronous-unwind-tables');
  for (const [from, to] of Object.entries(remap)) {
    rustFlags.push('--remap-path-prefix', `${from}=${to}`);
    cFlags.push(`-ffile-prefix-map=${from}=${to}`);
  }
  execaSync('cargo', ['build', '--locked', '--lib', '--profile', profile, '--target', target.triple], {
    cwd: host,
    env: {
      CARGO_TARGET_DIR: targetDir,
      CARGO_ENCODED_RUSTFLAGS: rustFlags.join('\x1f'),
      CFLAGS: cFlags.join(' '),
    },
    stdio: ['ignore', 2, 2],
  });
  return `${targetDir}/${target.triple}/${profile}/libenvseal_host.a`;
}

/**
 * Links the host with a table of bytecode; with an empty one it is the program that compiles. glibc's tunables are left
 * out: no variable of the container is to steer it.
 */
export function link(library: string, table: string, out: string, { cc }: HostTarget): void {
  const assembly = `${out}.S`;
  writeFileSync(
    assembly,
    `.section .rodata.envseal, "a"
.balign 4096
.globl envseal_bytecode_start
envseal_bytecode_start:
${table === '' ? '' : `.incbin "${table}"`}
.globl envseal_bytecode_end
envseal_bytecode_end:
.byte 0
.section .note.GNU-stack, "", %progbits
`,
  );
  const options = [
    '-static',
    '-no-pie',
    '-s',
    '-Wl,--gc-sections',
    '-Wl,--build-id=none',
    '-Wl,-z,noexecstack',
  ];
  const closed = ['-Wl,-z,relro', '-Wl,-z,now', '-Wl,--wrap=__tunables_init'];
  // What the linker has to say without failing is of functions of libc's that nothing of ours calls.
  execaSync(cc, ['-o', out, assembly, library, ...options, ...closed, '-lm', '-lgcc_eh']);
  rmSync(assembly);
}

/** The table of modules, the first of which is the one that starts. The bytecode is the same for every architecture. */
export function compileBytecode(library: string, modules: readonly string[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  const compiler = `${folder}/compiler`;
  const table = `${folder}/bytecode`;
  link(library, '', compiler, TARGETS[process.arch] as HostTarget);
  execaSync(compiler, ['compile', table, ...modules], { stdio: ['ignore', 2, 2] });
  return table;
}
