/** A client of AWS as a run makes it, with the profiles and the credentials that variables name. */
import { AwsClient } from '../../src/aws/client.ts';
import { credentialChain } from '../../src/aws/credentials/credentials.ts';
import { readAwsSettings } from '../../src/aws/read-settings.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import { nodeSystem } from '../../src/system/node/system.ts';
import type { System } from '../../src/system/system.ts';

interface Options {
  readonly system?: System;
  /** Until its deadline, which whoever asks for the client clears. */
  readonly seconds?: number;
}

export function awsClient(
  variables: Readonly<Record<string, string>>,
  { system = nodeSystem, seconds = 30 }: Options = {},
): AwsClient {
  return new AwsClient({
    settings: readAwsSettings(variables, system),
    variables,
    http: new Http({ system, variables, allowInsecureEndpoint: false }),
    deadline: new Deadline(seconds),
    system,
    userAgent: 'envseal/test',
    chain: credentialChain,
  });
}
