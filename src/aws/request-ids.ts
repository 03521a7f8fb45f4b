/**
 * Request ids of S3, KMS and STS. CloudTrail has them as `requestID` and `additionalEventData.x-amz-id-2`.
 */
export function requestIdsOf(headers: Headers): string[] {
  const ids: string[] = [];
  for (const name of ['x-amz-request-id', 'x-amzn-requestid', 'x-amz-id-2']) {
    const id = headers.get(name);
    if (id !== null) ids.push(id);
  }
  return ids;
}
