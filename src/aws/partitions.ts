type Partition = readonly [name: string, dnsSuffix: string, dualStackDnsSuffix: string];

/**
 * Partitions by the first part of a region's name, each with the DNS suffixes of its endpoints.
 * https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
 */
const PARTITIONS: Readonly<Record<string, Partition>> = {
  'us-gov': ['aws-us-gov', 'amazonaws.com', 'api.aws'],
  'us-iso': ['aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov'],
  'us-isob': ['aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud'],
  'us-isof': ['aws-iso-f', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  'eu-isoe': ['aws-iso-e', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
  'eusc-de': ['aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu'],
  cn: ['aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
};

/** `undefined` for what does not look like a region. */
export function dnsSuffixOf(region: string): string | undefined {
  return find(region)?.[1];
}

/** For endpoints that IPv6 reaches too, except S3's. `undefined` for what does not look like a region. */
export function dualStackDnsSuffixOf(region: string): string | undefined {
  return find(region)?.[2];
}

/** As in ARNs; `aws` for what does not look like a region. */
export function partitionOf(region: string): string {
  return find(region)?.[0] ?? 'aws';
}

function find(region: string): Partition | undefined {
  const prefix = /^([a-z]{2,4}(?:-(?:gov|iso[a-z]?|de))?)-[a-z]+-\d+$/.exec(region)?.[1];
  if (prefix === undefined) return undefined;
  return PARTITIONS[prefix] ?? (prefix.length === 2 ? ['aws', 'amazonaws.com', 'api.aws'] : undefined);
}
