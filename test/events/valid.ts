/** What event.schema.json says of an event. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export const schema = JSON.parse(readFileSync('src/events/event.schema.json', 'utf8'));
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
addFormats.default(ajv);
export const validate = ajv.compile(schema);

/** Empty for an event that is one. */
export function problems(event: unknown): unknown {
  return validate(event) ? [] : validate.errors;
}
