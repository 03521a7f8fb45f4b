/** The program of the fuzz targets that run JavaScript inside the host (`host/src/fuzz/javascript.rs`): any bytes for each. */
import { readPlainFile } from '../../src/envfile/plain-file.ts';
import { plainLines } from '../../src/envfile/plain-lines.ts';
import { natives } from '../../src/platform/callbacks.ts';
import { isText } from '../../src/system/text-search.ts';
import { checkDetect } from './detect.ts';
import { checkParse } from './parse.ts';
import { checkSame } from './promises.ts';
import { checkUrl } from './url.ts';

const PARTS = ['\0', '\uFFFD', 'sops', 'ENC[AES256_GCM,', '\u{10000}', 'ä', '='];

/** Natives that have a double in TypeScript. */
function checkDoubles(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (const unless of [[], PARTS])
    checkSame('plainFile', natives.plainFile(bytes, unless), readPlainFile(bytes, unless));
  checkSame('plainLines', [...natives.plainLines(text)], [...plainLines(text)]);
  checkSame('isText', natives.isText(text), isText(text));
  for (const part of PARTS) {
    checkSame('includesAny', natives.includesAny(text, [part]), text.includes(part));
    checkSame('indexOf', natives.indexOf(text, part), text.indexOf(part));
  }
}

Object.assign(globalThis, {
  envsealFuzz: {
    url: checkUrl,
    detect(bytes: Uint8Array) {
      checkDetect(bytes);
      checkDoubles(new TextDecoder().decode(bytes));
    },
    parse(bytes: Uint8Array) {
      checkParse(bytes);
      checkDoubles(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    },
  },
});
