/**
 * Shamir's secret sharing over GF(2^8) with the polynomial of AES: a share is a byte for each byte of the secret, and
 * its x coordinate. https://github.com/getsops/sops/blob/main/shamir/shamir.go
 */

/** Any `threshold` of the `count` shares give the secret back. Both are from 2 to 255. */
export function splitSecret(
  secret: Uint8Array,
  { count, threshold }: { readonly count: number; readonly threshold: number },
): Uint8Array[] {
  const shares = Array.from({ length: count }, (_, i) => {
    const share = new Uint8Array(secret.length + 1);
    share[secret.length] = i + 1;
    return share;
  });
  for (const [at, byte] of secret.entries()) {
    const coefficients = crypto.getRandomValues(new Uint8Array(threshold));
    coefficients[0] = byte;
    for (const [i, share] of shares.entries()) share[at] = evaluate(coefficients, i + 1);
  }
  return shares;
}

/** `undefined` for shares that cannot belong together: of different lengths, twice the same, or none at all. */
export function combineShares(shares: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined {
  const length = (shares[0]?.length ?? 0) - 1;
  const xs = shares.map((share) => share[length] ?? 0);
  const isSound = shares.every((share) => share.length === length + 1) && !xs.includes(0);
  if (length < 1 || !isSound || new Set(xs).size !== xs.length) return undefined;
  const secret = new Uint8Array(length);
  for (const [i, share] of shares.entries()) {
    const weight = weightAtZero(xs, i);
    for (let at = 0; at < length; at++)
      secret[at] = (secret[at] as number) ^ multiply(share[at] as number, weight);
  }
  return secret;
}

/** Lagrange: the product of x / (x - xi) over the others; minus is the same as plus, which is xor. */
function weightAtZero(xs: readonly number[], i: number): number {
  let weight = 1;
  for (const [j, x] of xs.entries()) {
    if (j !== i) weight = multiply(weight, multiply(x, inverse(x ^ (xs[i] as number))));
  }
  return weight;
}

function evaluate(coefficients: Uint8Array, x: number): number {
  let y = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) y = multiply(y, x) ^ (coefficients[i] as number);
  return y;
}

/** Without a table or a branch that depends on the secret. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (-(product >> 7) & 0x11b);
    product ^= -((b >> bit) & 1) & a;
  }
  return product;
}

/** The 254th power, as every element but zero has order 255. */
function inverse(a: number): number {
  let power = 1;
  for (let i = 0; i < 254; i++) power = multiply(power, a);
  return power;
}
