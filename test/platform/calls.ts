/** Cases of what needs no host, for Node and for the host. */
import fc from 'fast-check';
import { anyText, type Call } from './same-as-node.ts';

export const call = (name: string, ...given: fc.Arbitrary<unknown>[]) =>
  fc.tuple(fc.constant(name), ...given) as unknown as fc.Arbitrary<Call>;

const name = fc.constantFrom('a', 'A', 'B-c', 'set-cookie', 'Set-Cookie', 'x y', '', 'é', 'a:');
const value = fc.oneof(
  fc.constantFrom('1', ' 2\t', 'ü', '€', 'a\nb', 'a\0b', '', '\r\n x \r\n', '\x0b', '\x7f'),
  anyText,
);
const change = fc.oneof(
  fc.tuple(fc.constantFrom('append', 'set'), name, value),
  fc.tuple(fc.constantFrom('get', 'has', 'delete'), name),
  fc.constant(['getSetCookie']),
);
export const headerCalls = call('headers', fc.array(change));

const index = fc.nat({ max: 3 });
export const abortCalls = call(
  'abort',
  fc.integer({ min: 1, max: 4 }),
  fc.array(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
  fc.array(fc.tuple(index, fc.constantFrom(null, 'because'))),
);

const step = fc.constantFrom('add', 'add', 'remove', 'dispatch');
export const eventCalls = call('events', fc.array(fc.tuple(step, index, fc.boolean())));
