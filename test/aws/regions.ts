/** The SDK's list of partitions and regions, which it does not export. */
const PARTITIONS_FILE =
  '../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';
export const { partitionsInfo } = (await import(new URL(PARTITIONS_FILE, import.meta.url).href)) as {
  partitionsInfo: { partitions: { id: string; regions: Record<string, unknown> }[] };
};
export const REGIONS = partitionsInfo.partitions.flatMap(({ regions }) => Object.keys(regions));
/** Names of the form that new regions will have. */
export const COMING_REGIONS = ['us-gov-north-7', 'mx-south-2', 'eusc-de-west-1', 'il-east-9'];
