/** The query protocol of STS: a form in, XML out. */

import { randomUUID } from 'node:crypto';
import { document, element, elements } from '../aws/xml.ts';
import type { Answer, Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import { ACTIONS, type Call, type StsState } from './actions.ts';
import { StsError } from './errors.ts';

const NAMESPACE = ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';

/** `state` is asked for on every request, because a reset replaces it. */
export function stsBehaviour(state: () => StsState): Behaviour {
  return {
    subject: (request) => formOf(request).get('Action') ?? '',
    answer: (request) => {
      try {
        return perform({ state: state(), request, form: formOf(request) });
      } catch (error) {
        if (error instanceof StsError) return errorAnswer(error.status, error.code, error.message);
        throw error;
      }
    },
    refuse: (_, status, code) => errorAnswer(status, code, code),
  };
}

/** STS takes its parameters from the body or from the query. */
function formOf({ body, query }: Received): URLSearchParams {
  return body.length > 0 ? new URLSearchParams(body.toString()) : query;
}

function perform(call: Call): Answer {
  const name = call.form.get('Action') ?? '';
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw new StsError('InvalidAction', `Could not find operation ${name}`);
  const requestId = randomUUID();
  const result = element(`${name}Result`, action(call));
  const metadata = element('ResponseMetadata', elements({ RequestId: requestId }));
  return xml(200, element(`${name}Response`, [result, metadata], NAMESPACE), requestId);
}

function errorAnswer(status: number, code: string, message: string): Answer {
  const requestId = randomUUID();
  const type = status < 500 ? 'Sender' : 'Receiver';
  const error = element('Error', elements({ Type: type, Code: code, Message: message }));
  const body = element('ErrorResponse', [error, ...elements({ RequestId: requestId })], NAMESPACE);
  return xml(status, body, requestId);
}

function xml(status: number, root: string, requestId: string): Answer {
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  return { status, headers, body: document(root) };
}
