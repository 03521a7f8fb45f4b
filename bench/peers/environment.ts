/**
 * The environment of every peer: keys, the clouds' addresses, and the test CA by the names that tools know.
 */
import { CA_FILE } from '../../test/servers/tls/certificate.ts';
import type { Environment, Workbench } from '../workbench.ts';

export function peerEnvironment(bench: Workbench, secure: boolean): Environment {
  const url = secure ? bench.clouds.https : bench.clouds.http;
  return {
    ...bench.aws(secure),
    HOME: bench.folder,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(secure && { AWS_CA_BUNDLE: CA_FILE, NODE_EXTRA_CA_CERTS: CA_FILE }),
    AWS_ENDPOINT_URL_S3: url,
    AWS_ENDPOINT_URL_KMS: url,
    AWS_ENDPOINT_URL_SSM: url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
  };
}

/** For programs that know their cloud's own address only: the server is the proxy to it, and nothing leaves the machine. */
export function throughProxy(bench: Workbench): Environment {
  return { HTTPS_PROXY: bench.clouds.http, HTTP_PROXY: bench.clouds.http };
}
