/** One file of `rotate`: opened, sealed again, and stored if it is still the same. */
import { EnvsealError } from '../errors.ts';
import type { KeyToWrapWith } from '../keys/kinds.ts';
import { parseKeyToWrapWith, wrapWith } from '../keys/wrap.ts';
import { isPlain } from '../run/open-object.ts';
import { parseEncryptionContext } from '../sealing/encryption-context.ts';
import type { SopsDocument } from '../sealing/sops/edit/document.ts';
import type { SealingKeys } from '../sealing/sops/edit/wrap-data-key.ts';
import type { Source } from '../source-uri.ts';
import type { Sealing } from '../store/object.ts';
import { type OpenedFile, openFile, refuseOthers, sealingKeysOf } from './open-file.ts';
import {
  keepAtRest,
  matchesPlan,
  namesOf,
  placeContext,
  type SealedBytes,
  type SealPlan,
} from './seal-file.ts';
import { recordChange, storeContent } from './store-file.ts';
import { checkVersioning } from './versioning.ts';
import { parseTarget, type Workspace } from './workspace.ts';

export interface Rotated {
  readonly uri: string;
  readonly outcome: 'rotated' | 'would rotate' | 'left alone' | 'failed';
  readonly sealing: string | null;
  readonly kmsKeys: readonly string[];
  readonly version: string | null;
  readonly error?: EnvsealError;
}

interface Options {
  /** What changed at or after this is left alone. */
  readonly before: Date | undefined;
  readonly workspace: Workspace;
}

/** A failure of one file is its result; the others continue. */
export async function rotateFile(uri: string, options: Options): Promise<Rotated> {
  let result: Rotated = { uri, outcome: 'failed', sealing: null, kmsKeys: [], version: null };
  try {
    await rotate(parseTarget(uri), options, (found) => {
      result = { ...result, ...found };
    });
    return result;
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    // A file that was rotated stays so, though its event was not delivered.
    return { ...result, outcome: result.outcome === 'rotated' ? 'rotated' : 'failed', error };
  }
}

async function rotate(
  source: Source,
  { before, workspace }: Options,
  tell: (found: Partial<Rotated>) => void,
): Promise<void> {
  const { flags, stores } = workspace;
  await recordChange(workspace, source, 'rotated', async (attempt) => {
    const pinnedKeys = await stores.resolveKeys(flags['from-kms-key']);
    const file = await openFile(source, { pinnedKeys, allowUnsealed: true }, workspace);
    refuseOthers(file, pinnedKeys);
    const { sealing, version } = file.attempt;
    const kmsKeys = sealingKeysOf(file);
    attempt.sealing = sealing;
    attempt.kmsKeys = kmsKeys;
    tell({ outcome: 'left alone', sealing, kmsKeys, version });
    const plan = await planRotation(file, workspace);
    if (!isDue(file, plan, before)) return undefined;
    await checkVersioning(source, workspace);
    if (flags['dry-run']) {
      tell({ outcome: 'would rotate' });
      return undefined;
    }
    const sealed = await sealAgain(file, plan, workspace);
    const { variables, object } = file;
    const content = { sealed, variables, before: file, expected: { revision: object.revision } };
    const { written } = await storeContent(workspace, source, content, attempt);
    attempt.kmsKeys = keysAfter(file, plan, written.sealing);
    tell({ outcome: 'rotated', kmsKeys: attempt.kmsKeys, version: written.version ?? null });
    return written;
  });
}

/** What the store seals a SOPS file with is beside the point. */
function keysAfter(file: OpenedFile, plan: SealPlan | undefined, sealing: Sealing): readonly string[] {
  if (plan?.kind === 'sops') return namesOf(plan.keys);
  const isSealedByStore = file.document === undefined && sealing.kind !== 'none';
  return isSealedByStore && sealing.key !== undefined ? [sealing.key] : sealingKeysOf(file);
}

/** The new seal plan; `undefined`: the same keys. */
async function planRotation(file: OpenedFile, { flags, stores }: Workspace): Promise<SealPlan | undefined> {
  const { content, object, document, source } = file;
  const given = await stores.resolveKeys(flags['kms-key']);
  if (document !== undefined) {
    if (given.length + flags.age.length === 0) return undefined;
    const old = oldKeys(document);
    if ('groups' in old) {
      throw new EnvsealError(
        'configuration',
        `${source.uri} has key groups, which --kms-key and --age do not support`,
        {
          hint: 'rotate it without them for the same keys, or change its groups with sops groups and sops updatekeys',
        },
      );
    }
    const context = {
      ...contextOf(old),
      ...placeContext(source),
      ...parseEncryptionContext(flags['encryption-context']),
    };
    const keys = [...given, ...flags.age].map((name) => parseKeyToWrapWith(name, context));
    return { kind: 'sops', keys: [...keys, ...keptKeys(old, keys)] };
  }
  if (!isPlain(content) || object.sealing.kind === 'none') {
    throw new EnvsealError('configuration', `${source.uri} is not sealed by a key that envseal can rotate`, {
      hint: `seal it with envseal copy --seal sops ${source.uri} URI`,
    });
  }
  const [key, second] = given;
  if (second !== undefined) {
    throw new EnvsealError('usage', 'a file sealed by its store takes one --kms-key', { hint: 'give one' });
  }
  if (key === undefined) return undefined;
  const { kind } = object.sealing;
  const isDual = object.sealing.kind === 'sse-kms' && object.sealing.isDual;
  return { kind: 'at-rest', seal: kind === 'cmek' ? { kind, key } : { kind, key, isDual } };
}

/** Empty if some are of kinds that envseal cannot seal for: then only the given keys are used. */
function oldKeys(document: SopsDocument): SealingKeys {
  try {
    return document.sealingKeys();
  } catch (error) {
    if (error instanceof EnvsealError && error.code === 'key_unavailable') return [];
    throw error;
  }
}

/** What the file is bound to besides its key stays. */
function contextOf(keys: readonly KeyToWrapWith[]): Readonly<Record<string, string>> {
  return keys.find((key) => 'context' in key)?.context ?? {};
}

/** New KMS keys take the place of the old KMS keys, new recipients that of the old recipients. */
function keptKeys(old: readonly KeyToWrapWith[], given: readonly KeyToWrapWith[]): readonly KeyToWrapWith[] {
  const isAge = ({ kind }: KeyToWrapWith) => kind === 'age';
  const [hasAge, hasKms] = [given.some(isAge), given.some((key) => !isAge(key))];
  return old.filter((key) => (isAge(key) ? !hasAge : !hasKms));
}

function isDue(file: OpenedFile, plan: SealPlan | undefined, before: Date | undefined): boolean {
  if (plan !== undefined && matchesPlan(file, plan)) return false;
  const changed = file.document?.lastModified ?? file.object.modified;
  return before === undefined || changed === undefined || changed < before;
}

async function sealAgain(
  { document, object, content }: OpenedFile,
  plan: SealPlan | undefined,
  { stores }: Workspace,
): Promise<SealedBytes> {
  if (document === undefined) {
    const seal = plan?.kind === 'at-rest' ? plan.seal : keepAtRest(object.sealing);
    return { bytes: object.bytes, seal, kind: content.kind };
  }
  const keys = plan?.kind === 'sops' ? { keys: plan.keys } : {};
  const bytes = await document.rotate({ ...keys, wrap: wrapWith(stores), now: new Date() });
  return { bytes, seal: keepAtRest(object.sealing), kind: 'sops' };
}
