/** A service on loopback: log the request, ask for a fault, answer, deliver. */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serverCertificate } from '../tls/certificate.ts';
import type { Clock } from './clock.ts';
import { deliver } from './delivery.ts';
import { disguise } from './disguise.ts';
import { type Answer, type Received, receive } from './exchange.ts';
import { type Fault, FaultList, type FaultRule } from './faults.ts';
import { type LoggedRequest, RequestLog } from './request-log.ts';

/** What differs between services. */
export interface Behaviour {
  /** What faults are matched against and the log is searched by. */
  subject(request: Received): string;
  answer(request: Received): Answer;
  /** An error as this service writes it. */
  refuse(request: Received, status: number, code: string): Answer;
}

export class Service {
  readonly clock: Clock;
  readonly #behaviour: Behaviour;
  readonly #faults = new FaultList();
  readonly #log = new RequestLog();

  constructor(clock: Clock, behaviour: Behaviour) {
    this.clock = clock;
    this.#behaviour = behaviour;
  }

  /** Listens on a free port of 127.0.0.1 and returns the URL. */
  async listen(region: string, tls: boolean): Promise<string> {
    const listener: RequestListener = (message, response) => void this.#exchange(message, response, region);
    const server = tls ? createTlsServer(serverCertificate(), listener) : createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The commands that every service's admin protocol has. */
  commands(reset: () => void) {
    return {
      fault: (rule: FaultRule): void => this.#faults.add(rule),
      clearFaults: (): void => this.#faults.clear(),
      requests: (): LoggedRequest[] => this.#log.list(),
      /** Waits for `count` requests whose subject matches, answered or not. */
      seen: (match: string, count = 1): Promise<LoggedRequest[]> => this.#log.seen(new RegExp(match), count),
      /** Sets the server's clock wrong by this much. */
      clock: (offsetMs: number): void => {
        this.clock.offsetMs = offsetMs;
      },
      reset: (): void => {
        this.#faults.clear();
        this.#log.clear();
        this.clock.offsetMs = 0;
        reset();
      },
    };
  }

  async #exchange(message: IncomingMessage, response: ServerResponse, region: string): Promise<void> {
    response.on('error', () => undefined);
    try {
      const request = await receive(message, region);
      const subject = this.#behaviour.subject(request);
      const logged = this.#log.open(request, subject);
      const fault = this.#faults.next(request.method, subject);
      const answer = disguise(this.#dated(this.#respond(request, fault)), fault);
      logged.status = fault.hang || fault.resetBeforeHeaders ? null : answer.status;
      await deliver(response, answer, fault);
    } catch (error) {
      // A client that gave up while sending is its own business; anything else is a bug of the test server's.
      if (!message.errored) console.error(error);
      response.destroy();
    }
  }

  /** Clients put their clock right by it. */
  #dated(answer: Answer): Answer {
    return { ...answer, headers: { date: this.clock.httpDate(), ...answer.headers } };
  }

  #respond(request: Received, fault: Fault): Answer {
    const hidden = fault.status !== undefined || fault.hang || fault.resetBeforeHeaders;
    if (!hidden) return this.#behaviour.answer(request);
    if (fault.applied) this.#behaviour.answer(request);
    return this.#behaviour.refuse(request, fault.status ?? 500, fault.code ?? 'InternalError');
  }
}
