/** What Compose does with a service: https://github.com/compose-spec/compose-spec/blob/main/05-services.md */
import { resolve } from 'node:path';
import { parse } from 'yaml';
import type { Env } from '../../e2e/transcript.ts';
import { read } from './examples.ts';

export interface Service {
  readonly image: string;
  readonly build: { readonly context: string; readonly dockerfile: string };
  readonly environment: Env;
  readonly secrets: readonly string[];
  readonly ports: readonly string[];
  readonly read_only: boolean;
  readonly user: string;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly restart: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** With variables as the shell has them. Throws the message of a `${NAME:?message}` that nothing fills. */
export function composeFile(variables: Env): ComposeFile {
  const text = read('compose/compose.yaml').replace(/^\s*#.*$/gm, '');
  const filled = text.replace(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, kind?: string, rest = '') => {
      const value = variables[name];
      if (value) return value;
      if (kind === '-') return rest;
      throw new Error(`${name}: ${rest}`);
    },
  );
  return parse(filled, { strict: true }) as ComposeFile;
}

/**
 * The options of `podman run` that do the same for a compose file in that folder; the network is another matter. Throws
 * for keys that it does not know.
 */
export function podmanOptions({ services, secrets }: ComposeFile, name: string, folder: string): string[] {
  const { image, build, environment, ports, restart, ...service } = services[name] as Service;
  const { secrets: used, read_only, user, cap_drop, security_opt, ...unknown } = service;
  if (Object.keys(unknown).length > 0) throw new Error(`unknown: ${Object.keys(unknown)}`);
  return [
    ...(read_only ? ['--read-only', '--read-only-tmpfs=false'] : []),
    `--user=${user}`,
    ...cap_drop.map((capability) => `--cap-drop=${capability}`),
    ...security_opt.map((option) => `--security-opt=${option.replace(':true', '')}`),
    ...used.map((secret) => {
      const file = resolve(folder, secrets[secret]?.file ?? '');
      return `--volume=${file}:/run/secrets/${secret}:ro`;
    }),
  ];
}
