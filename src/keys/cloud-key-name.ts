/**
 * Names of Cloud KMS keys: `projects/P/locations/L/keyRings/R/cryptoKeys/K`, with or without a version.
 * https://docs.cloud.google.com/kms/docs/getting-resource-ids
 */
const KEY =
  /^(projects\/(?!\.)[\w.:-]+\/locations\/[\w-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+)(\/cryptoKeyVersions\/\d+)?$/;

export function isCloudKmsKey(name: string): boolean {
  return KEY.test(name);
}

/** The key of a version, which is what decrypts; other names as they are. */
export function withoutVersion(name: string): string {
  return KEY.exec(name)?.[1] ?? name;
}

/** Whether `pin` means the key that is reported with a version: a pin without one means all of them. */
export function isSameCloudKmsKey(pin: string, reported: string): boolean {
  return pin === reported || (isCloudKmsKey(pin) && pin === withoutVersion(reported));
}
