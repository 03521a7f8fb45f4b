/** Inherited variables that `--scrub-credentials` drops: what gives, or leads to, the credentials used to fetch. */
export const CREDENTIAL_NAMES: readonly string[] = [
  // https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_*',
  // https://cloud.google.com/docs/authentication/application-default-credentials
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CREDENTIALS',
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'CLOUDSDK_AUTH_*',
  'CLOUDSDK_CONFIG',
  // https://getsops.io/docs/#encrypting-using-age
  'SOPS_AGE_*',
];
