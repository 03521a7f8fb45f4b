/** The sealing of the bench's bare requests. */
export const SEALING = {
  ServerSideEncryption: 'aws:kms',
  SSEKMSKeyId: process.env.KMS_KEY as string,
  BucketKeyEnabled: true,
} as const;
