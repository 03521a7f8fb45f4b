/**
 * DNS suffixes of AWS's partitions, by the first part of a region's name.
 * https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
 */
const DNS_SUFFIXES: Readonly<Record<string, string>> = {
  'us-gov': 'amazonaws.com',
  'us-iso': 'c2s.ic.gov',
  'us-isob': 'sc2s.sgov.gov',
  'us-isof': 'csp.hci.ic.gov',
  'eu-isoe': 'cloud.adc-e.uk',
  'eusc-de': 'amazonaws.eu',
  cn: 'amazonaws.com.cn',
};

/** `undefined` for what does not look like a region. */
export function dnsSuffixOf(region: string): string | undefined {
  const prefix = /^([a-z]{2,4}(?:-(?:gov|iso[a-z]?|de))?)-[a-z]+-\d+$/.exec(region)?.[1];
  if (prefix === undefined) return undefined;
  return DNS_SUFFIXES[prefix] ?? (prefix.length === 2 ? 'amazonaws.com' : undefined);
}
