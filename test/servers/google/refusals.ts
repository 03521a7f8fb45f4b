/**
 * What every Google Cloud API refuses a request with before the service itself sees it.
 * https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
 */

import { PROJECT_NUMBER } from './defaults.ts';
import { type ErrorInfo, StatusError, statusOf } from './status.ts';

/** Which method of which API was called. */
export interface Method {
  /** As `cloudkms.googleapis.com`. */
  readonly service: string;
  /** As `google.cloud.kms.v1.KeyManagementService.Decrypt`. */
  readonly method: string;
}

const SIGN_IN = 'https://developers.google.com/identity/sign-in/web/devconsole-project';
const EXPECTED = `Expected OAuth 2 access token, login cookie or other valid authentication credential. See ${SIGN_IN}.`;
const DOMAIN = 'googleapis.com';
/** A unique identifier of one denial, to be looked up in the audit log. */
const DENIAL_ID = 'kmpY9Fgfuhgi2NE90lURjFWuiS1nGRqxCw4L12HdW8h46Un__-_LZw';

export function credentialsMissing(called: Method): StatusError {
  const message = `Request is missing required authentication credential. ${EXPECTED}`;
  return new StatusError('UNAUTHENTICATED', message, [info('CREDENTIALS_MISSING', called)]);
}

/** `ACCESS_TOKEN_TYPE_UNSUPPORTED` is also what a token gets that Google never issued. */
export function credentialsInvalid(
  called: Method,
  reason: 'ACCESS_TOKEN_EXPIRED' | 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
): StatusError {
  const message = `Request had invalid authentication credentials. ${EXPECTED}`;
  return new StatusError('UNAUTHENTICATED', message, [info(reason, called)]);
}

export function scopeInsufficient(called: Method): StatusError {
  const message = 'Request had insufficient authentication scopes.';
  return new StatusError('PERMISSION_DENIED', message, [info('ACCESS_TOKEN_SCOPE_INSUFFICIENT', called)]);
}

/** https://docs.cloud.google.com/iam/docs/permission-error-messages */
export function permissionDenied(domain: string, permission: string, resource: string): StatusError {
  const message = `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`;
  const metadata = { permission, resource };
  return new StatusError('PERMISSION_DENIED', message, [
    { reason: 'IAM_PERMISSION_DENIED', domain, metadata },
  ]);
}

/** Faults by their code; anything else is the bare status. */
export function faultError(called: Method, http: number, code: string): StatusError {
  switch (code) {
    case 'SECURITY_POLICY_VIOLATED':
      return perimeterDenial(called);
    case 'RATE_LIMIT_EXCEEDED':
      return quotaExceeded(called);
    case 'SERVICE_DISABLED':
      return serviceDisabled(called);
    case 'ACCESS_TOKEN_EXPIRED':
      return credentialsInvalid(called, code);
    default:
      return statusOf(http, http === 503 ? 'The service is currently unavailable.' : code);
  }
}

/** https://docs.cloud.google.com/vpc-service-controls/docs/troubleshooting */
function perimeterDenial({ service }: Method): StatusError {
  const message = `Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: ${DENIAL_ID}`;
  const metadata = { uid: DENIAL_ID, consumer: `projects/${PROJECT_NUMBER}`, service };
  return new StatusError('PERMISSION_DENIED', message, [
    { violations: [{ type: 'VPC_SERVICE_CONTROLS', description: DENIAL_ID }] },
    { reason: 'SECURITY_POLICY_VIOLATED', domain: DOMAIN, metadata },
  ]);
}

/** https://docs.cloud.google.com/docs/quotas/troubleshoot */
function quotaExceeded({ service }: Method): StatusError {
  const consumer = `projects/${PROJECT_NUMBER}`;
  const limit = {
    quota_metric: `${service}/crypto_requests`,
    quota_limit: 'CryptoRequestsPerMinutePerProject',
  };
  const message = `Quota exceeded for quota metric '${limit.quota_metric}' and limit '${limit.quota_limit}' of service '${service}' for consumer 'project_number:${PROJECT_NUMBER}'.`;
  const metadata = { service, consumer, quota_limit_value: '60000', quota_location: 'global', ...limit };
  return new StatusError('RESOURCE_EXHAUSTED', message, [
    { reason: 'RATE_LIMIT_EXCEEDED', domain: DOMAIN, metadata },
  ]);
}

/** https://docs.cloud.google.com/service-usage/docs/troubleshooting */
function serviceDisabled({ service }: Method): StatusError {
  const activationUrl = `https://console.developers.google.com/apis/api/${service}/overview?project=${PROJECT_NUMBER}`;
  const message = `${service} has not been used in project ${PROJECT_NUMBER} before or it is disabled. Enable it by visiting ${activationUrl} then retry.`;
  const metadata = { service, consumer: `projects/${PROJECT_NUMBER}`, activationUrl };
  return new StatusError('PERMISSION_DENIED', message, [
    { reason: 'SERVICE_DISABLED', domain: DOMAIN, metadata },
  ]);
}

function info(reason: string, { service, method }: Method): ErrorInfo {
  return { reason, domain: DOMAIN, metadata: { service, method } };
}
