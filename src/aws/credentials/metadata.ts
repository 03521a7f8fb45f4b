/**
 * The services beside a container that hand out credentials over HTTP. Ours, because the SDK's providers wait for what
 * never answers, try again what cannot succeed, write warnings to stderr, and go through a proxy when
 * NODE_USE_ENV_PROXY is set for the command.
 */
import { EnvsealError } from '../../errors.ts';
import { parseObject } from '../../json.ts';
import { MAX_ERROR_BODY_BYTES, METADATA_ATTEMPTS, METADATA_TIMEOUT_MS } from '../../limits-and-defaults.ts';
import { readAnswerBody } from '../../net/answer-body.ts';
import type { Deadline } from '../../net/deadline.ts';
import type { Http, HttpRequest } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import type { System } from '../../system/system.ts';
import type { AwsVariables } from '../settings.ts';

export interface MetadataContext {
  readonly variables: AwsVariables;
  readonly http: Http;
  readonly deadline: Deadline;
  readonly system: System;
  /** Path of PEM certificates. */
  readonly caFile: string | undefined;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly text: string;
}

/** Any status below 500 is an answer. Throws `unreachable` after METADATA_ATTEMPTS of METADATA_TIMEOUT_MS each. */
export async function askMetadata(request: HttpRequest, context: MetadataContext): Promise<MetadataAnswer> {
  return await retry(() => attempt(request, context), context.deadline, Math.random, METADATA_ATTEMPTS);
}

async function attempt(request: HttpRequest, context: MetadataContext): Promise<MetadataAnswer> {
  const { http, deadline, caFile } = context;
  const { host } = request.url;
  const timeout = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  const signal = AbortSignal.any([deadline.signal, timeout]);
  try {
    const response = await http.exchangeLocally(request, signal, caFile);
    const text = Buffer.from(await readAnswerBody(response, MAX_ERROR_BODY_BYTES, signal)).toString('utf8');
    if (response.status >= 500) throw unreachable(`${host} failed with ${response.status}`);
    return { status: response.status, text };
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    if (timeout.aborted) throw unreachable(`${host} did not answer within ${METADATA_TIMEOUT_MS} ms`);
    throw error;
  }
}

function unreachable(message: string): EnvsealError {
  return new EnvsealError('unreachable', message, {
    hint: 'retried; check the network policy, and what runs at that address',
    retryable: true,
  });
}

export interface MetadataIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** The role's ARN, which ECS reports. */
  readonly principal: string | undefined;
}

/** All of them answer with the same three fields; `undefined` where one is missing. */
export function parseIdentity(text: string): MetadataIdentity | undefined {
  const { AccessKeyId, SecretAccessKey, Token, RoleArn } = parseObject(text) ?? {};
  if (![AccessKeyId, SecretAccessKey, Token].every(isFilled)) return undefined;
  return {
    accessKeyId: AccessKeyId as string,
    secretAccessKey: SecretAccessKey as string,
    sessionToken: Token as string,
    principal: isFilled(RoleArn) ? (RoleArn as string) : undefined,
  };
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
