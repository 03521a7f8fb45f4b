/** A program that starts a command with variables from somewhere, as a row of data. */
import type { Case } from '../launch.ts';
import type { Workbench } from '../workbench.ts';

/** What a peer opens; those of one kind are compared with each other. */
export type Kind = 'store' | 'sops-kms' | 'local' | 'unsealed';

/** Where a program comes from. */
export type Origin =
  /** On this machine already. */
  | { readonly from: 'here'; readonly path: (bench: Workbench) => string }
  /** In `--peers FOLDER` or on the PATH; there is no registry to install it from. */
  | { readonly from: 'path'; readonly name: string }
  /** A Go module with its version. */
  | { readonly from: 'go'; readonly name: string }
  | { readonly from: 'npm'; readonly name: string; readonly spec: string }
  /** With all of `requirements.txt`. */
  | { readonly from: 'pypi'; readonly name: string; readonly packages: readonly string[] };

export interface Found {
  readonly program: string;
  /** What has to be on the machine, interpreter included: files and folders. */
  readonly files: readonly string[];
}

/** One start to measure. */
export interface Setting {
  readonly bench: Workbench;
  readonly program: string;
  /** Over TLS. */
  readonly secure: boolean;
  /** How many each source has, of 100 bytes each. */
  readonly variables: number;
  readonly sources: number;
  /** The file, not looked up, and its arguments. */
  readonly command: readonly string[];
}

export interface Peer {
  readonly name: string;
  readonly kind: Kind;
  /** In a few words, for the table. */
  readonly opens: string;
  readonly origin: Origin;
  /** The most sources that it takes. Default: 1. */
  readonly maxSources?: number;
  /** It cannot be given an endpoint, so it is measured over TLS only, through the server as its proxy. */
  readonly onlyTls?: boolean;
  /** Its words and, beside those of all, its variables. */
  readonly start: (setting: Setting) => Pick<Case, 'words'> & Partial<Pick<Case, 'env'>>;
}
