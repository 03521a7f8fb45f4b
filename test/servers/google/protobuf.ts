/**
 * The little of protobuf's encoding that is needed without a schema.
 * https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

export interface Field {
  readonly number: number;
  readonly value: Buffer;
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint((number << 3) | VARINT), varint(value)]);
}

/** Strings, bytes and messages. */
export function bytesField(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** Null unless it is length-delimited fields and nothing else. */
export function parseBytesFields(message: Buffer): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  const next = () => {
    let value = 0;
    for (let shift = 0; at < message.length && shift < 28; shift += 7) {
      const byte = message[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < message.length) {
    const [tag, length] = [next(), next()];
    if (tag === null || length === null || (tag & 7) !== LENGTH_DELIMITED) return null;
    if (at + length > message.length) return null;
    fields.push({ number: tag >> 3, value: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
