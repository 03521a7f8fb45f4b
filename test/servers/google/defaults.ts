/** The initial state of the test servers of Google Cloud, and their state after a reset. */

export const PROJECT = 'envseal-test';
/** https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects#identifiers */
export const PROJECT_NUMBER = '123456789012';

const KEY_RING = `projects/${PROJECT}/locations/global/keyRings/ring`;
/** Two versions, the second is the primary one. */
export const CLOUD_KMS_KEY = `${KEY_RING}/cryptoKeys/app`;
/** One version. */
export const OTHER_CLOUD_KMS_KEY = `${KEY_RING}/cryptoKeys/other`;

export function cloudKmsKeyVersion(version: number, key = CLOUD_KMS_KEY): string {
  return `${key}/cryptoKeyVersions/${version}`;
}
