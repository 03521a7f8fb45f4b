/** Request ids of Google's answers; Cloud Audit Logs keep no id of their own for reads. */
export function requestIdsOf(headers: Headers): string[] {
  return ['x-guploader-uploadid', 'x-goog-request-id'].flatMap((name) => headers.get(name) ?? []);
}
