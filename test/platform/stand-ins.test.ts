/** What stands in for a file of `src/` in the host's bundle comes to what that file comes to on Node. */
import { createCipheriv, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPlainFile } from '../../src/envfile/plain-file.ts';
import { agree, deriveKey, isMac, openChaCha } from '../../src/keys/age/crypto.ts';
import { bytesOf, textOf, toBase64, toByteString, toHex } from '../../src/system/bytes.ts';
import { cStrings } from '../../src/system/c-strings.ts';
import { skipFor } from '../skip.ts';
import { type HostProgram, makeHostProgram, noHost } from './host-program.ts';
import { anyText, hex, sample } from './same-as-node.ts';

let host: HostProgram;
describe('on the host', skipFor(noHost), () => {
  beforeAll(async () => {
    host = await makeHostProgram();
  });
  afterAll(() => host?.remove());

  test('bytes and text become each other as in Node', () => {
    const latin1 = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    });
    const anyHex = hex({ maxLength: 40 });
    const calls = [
      ...sample(latin1, 300).flatMap(
        (text) =>
          [
            ['bytesOf', text],
            ['textOf', text],
          ] as const,
      ),
      ...sample(anyText, 300).map((text) => ['byteStringOfText', text] as const),
      ...sample(anyHex, 300).flatMap(
        (of) =>
          [
            ['byteStringOf', of],
            ['base64Of', of],
          ] as const,
      ),
    ];
    const inNode: Readonly<Record<string, (given: string) => string>> = {
      bytesOf: (text) => toHex(bytesOf(text)),
      textOf,
      byteStringOfText: toByteString,
      byteStringOf: (of) => toByteString(Buffer.from(of, 'hex')),
      base64Of: (of) => toBase64(Buffer.from(of, 'hex')),
    };
    const expected = calls.map(([name, given]) => [inNode[name]?.(given)]);
    expect(host.perform(calls)).toEqual(expected);
  });

  test('what execve is given, and files of plain lines, are as in Node', () => {
    const without = (text: string) => text.toWellFormed().replaceAll('\0', '');
    const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
    const lists = sample(
      fc.tuple(
        fc.array(fc.string({ unit: byte, maxLength: 5 }), { maxLength: 3 }),
        fc.array(anyText.map(without), { maxLength: 3 }),
      ),
      500,
    );
    expect(host.perform(lists.map(([strings, texts]) => ['cStrings', strings, texts]))).toEqual(
      lists.map(([strings, texts]) => {
        const { count, block, lists } = cStrings(strings, texts);
        return [{ count, block: toHex(block), lists: [...lists].flat() }];
      }),
    );
    const line = fc.constantFrom(
      ...['A=1', 'B_2.c-d=x y', 'C=', '', '# c', 'D=é𝒳', 'A=2'],
      ...['A="1"', 'A= ', 'A=#', 'B=1\r', 'A=\0', 'A=\ufffd', 'by sops'],
    );
    const files = sample(
      fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n')),
      2000,
    );
    expect(host.perform(files.map((text) => ['plainFile', text]))).toEqual(
      files.map((text) => [readPlainFile(new TextEncoder().encode(text), ['sops']) ?? null]),
    );
  });

  test('what age is made of is as in Node', async () => {
    const key = hex({ minLength: 32, maxLength: 32 });
    const basePoint = `09${'00'.repeat(31)}`;
    // Base point with the bit that X25519 ignores; then the points of small order: https://cr.yp.to/ecdh.html#validate
    const otherForm = `09${'00'.repeat(30)}80`;
    const smallOrder = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      ...['ec', 'ed', 'ee'].map((first) => `${first}${'ff'.repeat(30)}7f`),
    ];
    const [keys, macs] = [sample(key, 100), sample(hex({ maxLength: 80 }), 100)];
    const calls: [string, string, string, string?][] = [];
    for (const [i, each] of keys.entries()) {
      for (const point of [basePoint, otherForm, keys[i - 1] ?? each, ...smallOrder])
        calls.push(['x25519', each, point]);
      calls.push(['deriveKey', each, macs[i] as string, 'age-encryption.org/v1/X25519']);
      const mac = createHmac('sha256', Buffer.from(each, 'hex'))
        .update(macs[i] as string, 'hex')
        .digest('hex');
      for (const tried of [mac, mac.replace(/^./, (first) => (first === '0' ? '1' : '0')), mac.slice(2), ''])
        calls.push(['isMac', each, tried, macs[i] as string]);
      const cipher = createCipheriv('chacha20-poly1305', Buffer.from(each, 'hex'), Buffer.alloc(12), {
        authTagLength: 16,
      });
      const sealed = Buffer.concat([cipher.update('secret'), cipher.final(), cipher.getAuthTag()]).toString(
        'hex',
      );
      for (const tried of [sealed, sealed.replace(/.$/, (last) => (last === '0' ? '1' : '0')), ''])
        calls.push(['openChaCha', each, '00'.repeat(12), tried]);
    }
    const of = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
    const hexOr = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : toHex(bytes));
    const expected = await Promise.all(
      calls.map(async ([name, a, b, c = '']) => {
        switch (name) {
          case 'x25519':
            return [hexOr(await agree(of(a), of(b)))];
          case 'deriveKey':
            return [toHex(await deriveKey(of(a), of(b), c))];
          case 'isMac':
            return [await isMac(of(a), of(b), of(c))];
          default:
            return [hexOr(await openChaCha(of(a), of(b), of(c)))];
        }
      }),
    );
    expect(host.perform(calls as never)).toEqual(expected);
  });
});
