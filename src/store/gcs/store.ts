/** Cloud Storage for the commands that change files, through the official SDK. */
import type { GoogleClient } from '../../gcp/client.ts';
import type { GcsSource } from '../../source-uri.ts';
import { checkSeal } from '../check-seal.ts';
import type { EnvStore, StoredObject } from '../contract.ts';
import { inspectBucket, requireDefaultKey } from './inspect.ts';
import { listFiles, listVersions } from './list.ts';
import { putObject } from './put.ts';
import { makeSdkClient } from './sdk-client.ts';
import { type GcsAccess, getObject } from './sdk-get.ts';

/** One for all files: it keeps the SDK's client. A revision is a generation. */
export function gcsStore(client: GoogleClient): EnvStore<GcsSource> {
  let access: Promise<GcsAccess> | undefined;
  const reach = (): Promise<GcsAccess> => {
    access ??= makeSdkClient(client).then((storage) => ({ storage, client }));
    return access;
  };
  return {
    read: async (source) => await readObject(source, await reach()),
    prepare: () => {},
    write: async (source, bytes, options) => {
      const { seal } = options;
      checkSeal(source, seal, ['cmek']);
      if (seal.kind === 'cmek' && seal.key === undefined) await requireDefaultKey(source, await reach());
      return await putObject({ source, bytes, options }, await reach());
    },
    // The listing has it all.
    async *find(folder) {
      yield* listFiles(folder, await reach());
    },
    async *list(folder) {
      yield* listFiles(folder, await reach());
    },
    versions: async (source) => await listVersions(source, await reach()),
    inspect: async (source) => await inspectBucket(source, await reach()),
  };
}

async function readObject(source: GcsSource, access: GcsAccess): Promise<StoredObject> {
  const { object, resource } = await getObject(source, access);
  const { contentType, metadata = {}, updated } = resource;
  return {
    ...object,
    revision: object.version ?? '',
    modified: updated === undefined ? undefined : new Date(updated),
    attributes: {
      contentType,
      metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, String(value)])),
      tags: {},
    },
  };
}
