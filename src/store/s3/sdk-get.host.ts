/** Stands in for `sdk-get.ts` in the container executable, which has no SDK. */
import { NeedsFullProgram } from '../../needs-full-program.ts';

/** Before anything is sent: what `locateS3` cannot place has not been asked for. */
export const fetchThroughSdk: typeof import('./sdk-get.ts').fetchThroughSdk = async ({ bucket }) => {
  throw new NeedsFullProgram(featureOf(bucket));
};

function featureOf(bucket: string): string {
  if (/^arn:[^:]*:s3-outposts:/.test(bucket)) return 'access points of S3 on Outposts';
  if (/^arn:[^:]*:s3-object-lambda:/.test(bucket)) return 'access points of S3 Object Lambda';
  if (/^arn:[^:]*:s3::/.test(bucket)) return 'S3 multi-region access points';
  if (/--(x-s3|xa-s3)$/.test(bucket)) return 'S3 directory buckets';
  return 'this kind of S3 region, endpoint or key';
}
