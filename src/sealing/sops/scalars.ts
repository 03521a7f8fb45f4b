/** The types of sops, and the two texts of a value: one in the MAC, one in the environment. */
import type { ScalarType } from './model.ts';

export interface Texts {
  /** https://github.com/getsops/sops/blob/main/sops.go (`ToBytes`) */
  readonly mac: string;
  /** As `sops exec-env` gives it: https://github.com/getsops/sops/blob/main/stores/stores.go (`ValToString`) */
  readonly value: string;
}

const INTEGER = /^-?[0-9]+$/;
const FLOAT = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const TIME =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]*[1-9])?(Z|[+-][0-9]{2}:[0-9]{2})$/;
const INT64_MAX = 2n ** 63n - 1n;
/** More than 64 bits have; a million of them would take long. */
const MAX_DIGITS = 30;

/**
 * | type | MAC | environment |
 * |---|---|---|
 * | str | the text | the text |
 * | int | decimal digits | the same |
 * | float | decimal digits, no exponent, as few as give it back: `1`, `1000000.5` | the same with at least one decimal, `1.0`; from a million on and below 0.0001 `1.5E+06` |
 * | bool | `True`, `False` | `true`, `false` |
 * | time | RFC 3339 | without fractions of a second |
 *
 * `undefined`: the text is none of the type.
 */
export function readTyped(type: string, text: string): Texts | undefined {
  switch (type) {
    case 'str':
      return { mac: text, value: text };
    case 'int':
      return readInt(text);
    case 'float':
      return readFloat(text);
    case 'bool':
      return readBool(text);
    case 'time':
      return readTime(text);
    default:
      return undefined;
  }
}

export function isScalarType(type: string): type is ScalarType {
  return type === 'str' || type === 'int' || type === 'float' || type === 'bool' || type === 'time';
}

function readInt(text: string): Texts | undefined {
  if (!INTEGER.test(text)) return undefined;
  if (text.length > MAX_DIGITS) return readFloat(text);
  const number = BigInt(text);
  // An integer beyond 64 bits is a float to sops.
  if (number > INT64_MAX || number < -INT64_MAX - 1n) return readFloat(text);
  return { mac: `${number}`, value: `${number}` };
}

function readFloat(text: string): Texts | undefined {
  if (text === '+Inf' || text === '-Inf' || text === 'NaN') return { mac: text, value: text };
  const number = FLOAT.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(number)) return undefined;
  const { sign, digits, point } = shortest(number, text);
  return { mac: positional(sign, digits, point), value: general(sign, digits, point) };
}

/** The fewest digits that give the number back, and how many of them are before the point. */
function shortest(number: number, text: string): { sign: string; digits: string; point: number } {
  const sign = text.startsWith('-') ? '-' : '';
  const [mantissa = '', exponent = '0'] = Math.abs(number).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  return { sign, digits, point: number === 0 ? 1 : Number(exponent) + 1 };
}

/** Go's `FormatFloat(v, 'f', -1, 64)`. */
function positional(sign: string, digits: string, point: number): string {
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Go's `FormatFloat(v, 'G', -1, 64)`, with `.0` where that has neither point nor exponent. */
function general(sign: string, digits: string, point: number): string {
  const exponent = point - 1;
  if (exponent < -4 || exponent >= 6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const magnitude = `${Math.abs(exponent)}`.padStart(2, '0');
    return `${sign}${digits[0]}${fraction}E${exponent < 0 ? '-' : '+'}${magnitude}`;
  }
  const text = positional(sign, digits, point);
  return text.includes('.') ? text : `${text}.0`;
}

function readBool(text: string): Texts | undefined {
  if (text === 'True' || text === 'true') return { mac: 'True', value: 'true' };
  return text === 'False' || text === 'false' ? { mac: 'False', value: 'false' } : undefined;
}

function readTime(text: string): Texts | undefined {
  const match = TIME.exec(text);
  return match === null ? undefined : { mac: text, value: `${match[1]}${match[2]}` };
}
