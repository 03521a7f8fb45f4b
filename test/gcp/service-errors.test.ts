/** Google's refusals, in each of their forms. */
import { describe, expect, test } from 'vitest';
import { explainGoogleRefusal } from '../../src/gcp/service-errors.ts';

function explain(status: number, body: object, headers: Record<string, string> = {}) {
  const error = explainGoogleRefusal({
    status,
    headers: new Headers(headers),
    body: body as Record<string, unknown>,
    permission: 'storage.objects.get',
    resource: 'projects/_/buckets/snacks/objects/env',
    subject: 'gs://snacks/env',
  });
  expect(`${error.message} ${error.hint}`).not.toContain('canary');
  return error;
}

const older = (reason: string, message = 'canary') => ({ error: { message, errors: [{ reason, message }] } });
const newer = (status: string, reason: string, metadata = {}) => ({
  error: { status, message: 'canary', details: [{ reason, metadata }] },
});
const text = (message: string) => ({ error: { message } });

describe('the same thing in each form', () => {
  test.each<[string, number, readonly object[]]>([
    ['not_found', 404, [older('notFound'), text('No such object: snacks/env'), text('Not Found')]],
    [
      'denied',
      403,
      [
        older('vpcServiceControls'),
        newer('PERMISSION_DENIED', 'SECURITY_POLICY_VIOLATED'),
        text("Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: abc-1"),
      ],
    ],
    [
      'key_unavailable',
      400,
      [
        older('cloudKmsDisabledKey'),
        { error: { status: 'FAILED_PRECONDITION', details: [{ violations: [{ type: 'KEY_DISABLED' }] }] } },
        text('Cloud KMS key is disabled, destroyed, or scheduled to be destroyed.'),
      ],
    ],
    ['throttled', 429, [older('rateLimitExceeded'), newer('RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED'), {}]],
    ['credentials', 401, [older('authError'), newer('UNAUTHENTICATED', 'ACCESS_TOKEN_EXPIRED'), {}]],
    ['configuration', 403, [newer('PERMISSION_DENIED', 'SERVICE_DISABLED')]],
  ])('%s', (code, status, bodies) => {
    for (const body of bodies) expect([body, explain(status, body).code]).toEqual([body, code]);
  });
});

test('a missing scope is reported by the header, too', () => {
  const challenge = 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"';
  expect(explain(403, {}, { 'www-authenticate': challenge }).message).toContain('OAuth scope');
});

test('a denial names who lacks which permission, where Google says it', () => {
  const message =
    "api@shop.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object. Permission 'storage.objects.get' denied on resource (or it may not exist).";
  expect(explain(403, older('forbidden', message)).message).toBe(
    'api@shop.iam.gserviceaccount.com lacks storage.objects.get on projects/_/buckets/snacks/objects/env',
  );
});

test.each([{}, text('<html>404 Not Found canary</html>'), text('canary')])(
  'a 404 of something else does not say that the object is absent: %j',
  (body) => {
    expect(explain(404, body).code).toBe('configuration');
  },
);
