/** Whatever order they come in, `set`, `unset`, `edit`, `push` and `rollback` do to a file what they do to a map. */
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../folder.ts';
import { envseal, isBundle } from '../program.ts';
import { type Clouds, type Scheme, startClouds } from '../sealed.ts';
import { answers, does, type Place, placeIn, variablesAt } from './places.ts';

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());

type State = Readonly<Record<string, string>>;

type Step =
  | { readonly do: 'set'; readonly name: string; readonly value: string }
  | { readonly do: 'unset'; readonly name: string }
  | { readonly do: 'edit'; readonly name: string; readonly value: string }
  | { readonly do: 'rollback'; readonly to: number };

const names = fc.constantFrom('A', 'B', 'C', 'LONG_NAME');
/**
 * No shell and no format has it easy with these. `set` takes one line end off what it reads, be it LF or CRLF, and every
 * value here gets an LF: so none may end with a CR of its own.
 */
const values = fc
  .array(fc.constantFrom('x', ' ', '#', '"', "'", '\\', '$', '`', '\n', '\r', '=', 'é', '𝒳', '\\n', '\t'), {
    maxLength: 8,
  })
  .map((parts) => parts.join('').replace(/\r+$/, ''));

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('set' as const), name: names, value: values }),
  fc.record({ do: fc.constant('unset' as const), name: names }),
  fc.record({
    do: fc.constant('edit' as const),
    name: names,
    value: values.map((value) => value.replace(/\W/g, '')),
  }),
  fc.record({ do: fc.constant('rollback' as const), to: fc.nat(20) }),
);

/** A state for each version that there was, by its name in the store. */
interface Model {
  state: State;
  readonly versions: { readonly version: string; readonly state: State }[];
}

async function apply(step: Step, model: Model, place: Place): Promise<State> {
  const { state, versions } = model;
  switch (step.do) {
    case 'set': {
      await does(['set', place.uri, step.name], place.env, `${step.value}\n`);
      return { ...state, [step.name]: step.value };
    }
    case 'unset': {
      if (!(step.name in state)) return state;
      await does(['unset', place.uri, step.name], place.env);
      const { [step.name]: _, ...rest } = state;
      return rest;
    }
    case 'edit': {
      // A line at its end: the last of two equal names wins, so edit would refuse one that is there.
      if (step.name in state) return state;
      const editor = join(
        folder({ editor: `#!/bin/sh\nprintf '\\n%s="%s"\\n' ${step.name} '${step.value}' >>"$1"\n` }),
        'editor',
      );
      // It may warn of white space.
      const { status } = await envseal(['edit', place.uri], { env: { ...place.env, EDITOR: editor } });
      expect(status).toBe(0);
      return { ...state, [step.name]: step.value };
    }
    case 'rollback': {
      const target = versions[step.to % Math.max(1, versions.length)];
      if (target === undefined || !place.isVersioned) return state;
      await does(['rollback', place.uri, target.version], place.env);
      return target.state;
    }
  }
}

test.each<Scheme>(['s3', 'gs', 'file'])(
  '%s',
  async (scheme) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: 8 }), async (sequence) => {
        const place = await placeIn(clouds, scheme, `sequence-${run++}`);
        await does(['push', ...place.seal, '-', place.uri], place.env, '# canary\nKEPT=1\n');
        const model: Model = { state: { KEPT: '1' }, versions: [] };
        for (const step of sequence) {
          model.state = await apply(step, model, place);
          const { version } = await answers(['list', place.uri], place.env);
          if (typeof version === 'string') model.versions.push({ version, state: model.state });
        }
        const variables = Object.entries(await variablesAt(place));
        const texts = variables.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString('utf8')]);
        expect(Object.fromEntries(texts)).toEqual(model.state);
      }),
      { numRuns: isBundle ? 3 : 6, endOnFailure: true },
    );
  },
  120_000,
);
