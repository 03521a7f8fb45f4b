/**
 * What the HTTP Event Collector answers.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */

import { type Answer, json } from '../http/exchange.ts';

const ANSWERS = {
  0: [200, 'Success'],
  1: [403, 'Token disabled'],
  2: [401, 'Token is required'],
  3: [401, 'Invalid authorization'],
  4: [403, 'Invalid token'],
  5: [400, 'No data'],
  6: [400, 'Invalid data format'],
  7: [400, 'Incorrect index'],
  8: [500, 'Internal server error'],
  9: [503, 'Server is busy'],
  10: [400, 'Data channel is missing'],
  11: [400, 'Invalid data channel'],
  12: [400, 'Event field is required'],
  13: [400, 'Event field cannot be blank'],
  14: [400, 'ACK is disabled'],
  15: [400, 'Error in handling indexed fields'],
  16: [400, 'Query string authorization is not enabled'],
  17: [200, 'HEC is healthy'],
  18: [503, 'HEC is unhealthy, queues are full'],
} as const;

export type HecCode = keyof typeof ANSWERS;

export class HecError extends Error {
  readonly code: HecCode;
  /** From 0. */
  readonly eventNumber: number | undefined;

  constructor(code: HecCode, eventNumber?: number) {
    super(ANSWERS[code][1]);
    this.code = code;
    this.eventNumber = eventNumber;
  }
}

export function isHecCode(code: number): code is HecCode {
  return Object.hasOwn(ANSWERS, code);
}

/** With another status than its own, too: Splunk never lies, but what stands before it may. */
export function codeAnswer(code: HecCode, more: object = {}, status: number = ANSWERS[code][0]): Answer {
  return json(status, { text: ANSWERS[code][1], code, ...more });
}

export function errorAnswer({ code, eventNumber }: HecError): Answer {
  if (eventNumber === undefined) return codeAnswer(code);
  // As measured on Splunk 10.4.2: of the wrong index, the number is one higher than of everything else.
  return codeAnswer(code, { 'invalid-event-number': code === 7 ? eventNumber + 1 : eventNumber });
}

/** The code that goes with an HTTP status when nothing else is said. */
export function codeOf(status: number): HecCode {
  switch (status) {
    case 401:
      return 3;
    case 403:
      return 4;
    case 503:
      return 9;
    default:
      return status < 500 ? 6 : 8;
  }
}
