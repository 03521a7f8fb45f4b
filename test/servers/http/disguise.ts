/** Changes to an answer's headers and bytes; how they travel is `delivery.ts`. */

import type { Answer } from './exchange.ts';
import type { Fault } from './faults.ts';

export function disguise(answer: Answer, fault: Fault): Answer {
  return {
    status: answer.status,
    headers: withHeaders(distort(answer.headers, fault), fault.setHeaders ?? {}),
    body: fault.wrongBody ? flipBit(answer.body) : answer.body,
  };
}

function distort(headers: Answer['headers'], fault: Fault): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !(fault.stripSse && isSse(name)));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      fault.wrongChecksum && isChecksum(name) ? otherChecksum(value) : value,
    ]),
  );
}

function withHeaders(headers: Record<string, string>, changes: NonNullable<Fault['setHeaders']>) {
  const result = { ...headers };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete result[name.toLowerCase()];
    else result[name.toLowerCase()] = value;
  }
  return result;
}

function isSse(name: string): boolean {
  return name.startsWith('x-amz-server-side-encryption');
}

function isChecksum(name: string): boolean {
  return name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-type';
}

function otherChecksum(base64: string): string {
  return flipBit(Buffer.from(base64, 'base64')).toString('base64');
}

function flipBit(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}
