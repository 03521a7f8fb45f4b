/** The test certificates; `make.sh` says how they were made. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The authority that signed the servers' certificate. */
export const CA_FILE = file('ca.pem');
/** An authority that signed nothing. */
export const OTHER_CA_FILE = file('other-ca.pem');

export function serverCertificate(): { cert: string; key: string } {
  return {
    cert: readFileSync(file('server.pem'), 'utf8'),
    key: readFileSync(file('server-key.pem'), 'utf8'),
  };
}

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
