/**
 * Partitions by the first part of a region's name, each with the DNS suffix of its endpoints.
 * https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
 */
const PARTITIONS: Readonly<Record<string, readonly [partition: string, dnsSuffix: string]>> = {
  'us-gov': ['aws-us-gov', 'amazonaws.com'],
  'us-iso': ['aws-iso', 'c2s.ic.gov'],
  'us-isob': ['aws-iso-b', 'sc2s.sgov.gov'],
  'us-isof': ['aws-iso-f', 'csp.hci.ic.gov'],
  'eu-isoe': ['aws-iso-e', 'cloud.adc-e.uk'],
  'eusc-de': ['aws-eusc', 'amazonaws.eu'],
  cn: ['aws-cn', 'amazonaws.com.cn'],
};

/** `undefined` for what does not look like a region. */
export function dnsSuffixOf(region: string): string | undefined {
  return find(region)?.[1];
}

/** As in ARNs; `aws` for what does not look like a region. */
export function partitionOf(region: string): string {
  return find(region)?.[0] ?? 'aws';
}

function find(region: string): readonly [partition: string, dnsSuffix: string] | undefined {
  const prefix = /^([a-z]{2,4}(?:-(?:gov|iso[a-z]?|de))?)-[a-z]+-\d+$/.exec(region)?.[1];
  if (prefix === undefined) return undefined;
  return PARTITIONS[prefix] ?? (prefix.length === 2 ? ['aws', 'amazonaws.com'] : undefined);
}
