/** Local files for the commands that change them. A revision is the SHA-256 of the bytes. */
import { stat } from 'node:fs/promises';
import { EnvsealError } from '../../errors.ts';
import type { Deadline } from '../../net/deadline.ts';
import type { FileSource } from '../../source-uri.ts';
import { toHex } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';
import { checkSeal } from '../check-seal.ts';
import { type EnvStore, NO_ATTRIBUTES, type Revision } from '../contract.ts';
import { fetchFile } from './get.ts';
import { findFiles } from './list.ts';
import { replaceFile } from './write.ts';

export interface FileStoreOptions {
  readonly system: System;
  readonly deadline: Deadline;
}

export function fileStore({ system, deadline }: FileStoreOptions): EnvStore<FileSource> {
  const revisionOf = (bytes: Uint8Array): Revision => toHex(system.sha256(bytes));
  return {
    prepare: () => {},
    async read(source) {
      const object = await fetchFile(source, { system, deadline });
      const { mtime } = await stat(source.path).catch(() => ({ mtime: undefined }));
      return { ...object, revision: revisionOf(object.bytes), modified: mtime, attributes: NO_ATTRIBUTES };
    },
    async write(source, bytes, { seal, expected }) {
      checkSeal(source, seal, []);
      return await replaceFile({ source, bytes, expected, revisionOf }, deadline);
    },
    find: ({ prefix }) => findFiles(prefix),
    async *list({ prefix }) {
      for await (const file of findFiles(prefix)) {
        yield { ...file, sealing: { kind: 'none' }, version: undefined, metadata: {} };
      }
    },
    async versions({ uri }) {
      throw new EnvsealError('unversioned', `a local file has no versions: ${uri}`, {
        hint: 'keep sealed files in git, and use git log',
      });
    },
    inspect: async () => ({ isVersioned: undefined, isEncrypted: undefined, isPublic: undefined }),
  };
}
