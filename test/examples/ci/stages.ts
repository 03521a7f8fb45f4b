/** The stages that the pipelines deploy to, and the key of each. */
import { kmsKeyArn } from '../../servers/start.ts';

export type Stage = 'dev' | 'prod';

export const AWS_KEYS: Readonly<Record<Stage, string>> = {
  dev: kmsKeyArn(),
  prod: kmsKeyArn().replace('1234abcd', '5678abcd'),
};
