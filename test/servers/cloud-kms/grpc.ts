/** The gRPC side of Cloud KMS, with the messages of `@google-cloud/kms`. */

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerErrorResponse,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { faultError } from '../google/refusals.ts';
import { StatusError } from '../google/status.ts';
import { type Fault, FaultList, type FaultRule } from '../http/faults.ts';
import { serverCertificate } from '../tls/certificate.ts';
import { type CloudKmsState, GRPC_SERVICE, methodOf, perform } from './call.ts';
import { type Input, OPERATIONS, type Output } from './operations.ts';

export interface LoggedCall {
  /** As `Decrypt`. */
  readonly method: string;
  /** As over REST: the resource, for `Decrypt` and `Encrypt` with `:decrypt` and `:encrypt`. */
  readonly subject: string;
  /** The number of the gRPC status; null while unanswered. */
  status: number | null;
}

type Message = Readonly<Record<string, unknown>>;

const BYTES = ['plaintext', 'ciphertext', 'additionalAuthenticatedData'];
const OK = 0;

export class GrpcService {
  readonly #state: () => CloudKmsState;
  readonly #faults = new FaultList();
  #calls: LoggedCall[] = [];

  constructor(state: () => CloudKmsState) {
    this.#state = state;
  }

  /** Listens on a free port of 127.0.0.1 and returns it. */
  async listen(tls: boolean): Promise<number> {
    const server = new Server();
    const handlers = Object.keys(OPERATIONS).map((name) => [name, this.#handler(name)]);
    server.addService(definition(), Object.fromEntries(handlers));
    return new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', tls ? secure() : ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
  }

  addFault(rule: FaultRule): void {
    this.#faults.add(rule);
  }

  calls(): LoggedCall[] {
    return this.#calls;
  }

  reset(): void {
    this.#calls = [];
    this.#faults.clear();
  }

  #handler(operation: string): handleUnaryCall<Message, Message> {
    return async (call, answer) => {
      const subject = subjectOf(operation, call.request);
      const logged: LoggedCall = { method: operation, subject, status: null };
      this.#calls.push(logged);
      const fault = this.#faults.next('POST', subject);
      if (fault.delayMs !== undefined) await delay(fault.delayMs);
      if (fault.hang) return void (await once(call, 'cancelled'));
      try {
        const output = this.#respond(operation, call, fault);
        logged.status = OK;
        answer(null, toMessage(output));
      } catch (error) {
        const failure = errorOf(error);
        logged.status = failure.code ?? null;
        answer(failure);
      }
    };
  }

  #respond(operation: string, call: ServerUnaryCall<Message, Message>, fault: Fault): Output {
    if (fault.status !== undefined)
      throw faultError(methodOf(operation), fault.status, fault.code ?? 'InternalError');
    const [authorization] = call.metadata.get('authorization').map(String);
    return perform(operation, inputOf(call.request), authorization, this.#state()) ?? {};
  }
}

function definition(): ServiceDefinition {
  const protos = createRequire(import.meta.url)('@google-cloud/kms/build/protos/protos.json');
  const options = { longs: String, enums: String, defaults: false, oneofs: true };
  const loaded = fromJSON(protos, options)[GRPC_SERVICE];
  const wanted = Object.entries(loaded as ServiceDefinition).filter(([name]) =>
    Object.hasOwn(OPERATIONS, name),
  );
  return Object.fromEntries(wanted);
}

function secure(): ServerCredentials {
  const { cert, key } = serverCertificate();
  return ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) },
  ]);
}

function subjectOf(operation: string, { name }: Message): string {
  return operation.startsWith('Get') ? String(name) : `${name}:${operation.toLowerCase()}`;
}

/** An empty `bytes` is not on the wire, so that it looks like one that is missing. */
function inputOf(request: Message): Input {
  const checksums = BYTES.map((field) => [`${field}Crc32c`, request[`${field}Crc32c`]] as const);
  return {
    name: String(request.name),
    bytes: Object.fromEntries(BYTES.map((field) => [field, Buffer.from((request[field] as Buffer) ?? '')])),
    checksums: Object.fromEntries(
      checksums.filter(([, wrapper]) => wrapper != null).map(([field, wrapper]) => [field, unwrap(wrapper)]),
    ),
  };
}

function unwrap(wrapper: unknown): string {
  return String((wrapper as { value?: unknown }).value ?? 0);
}

/** `google.protobuf.Int64Value`, `Timestamp` and `Duration` have JSON of their own, but are messages here. */
function toMessage(output: Output): Message {
  return Object.fromEntries(Object.entries(output).map(([name, value]) => [name, toField(name, value)]));
}

function toField(name: string, value: unknown): unknown {
  if (name.endsWith('Crc32c') && typeof value === 'string') return { value };
  if (name.endsWith('Time')) return { seconds: Date.parse(String(value)) / 1000 };
  if (name.endsWith('Duration')) return { seconds: Number.parseInt(String(value), 10) };
  return typeof value === 'object' && !Buffer.isBuffer(value) ? toMessage(value as Output) : value;
}

function errorOf(error: unknown): Partial<ServerErrorResponse> & { code: number } {
  if (!(error instanceof StatusError)) throw error;
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', error.toProtobuf());
  return { name: error.code, message: error.message, details: error.message, code: error.grpc, metadata };
}
