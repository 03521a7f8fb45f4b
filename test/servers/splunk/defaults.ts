/** The initial state of Splunk, and its state after a reset. */

import type { HecToken } from './tokens.ts';

export const SPLUNK_TOKEN = 'B5A79AAD-D822-46CC-80D1-819F80D7BFB0';

/** Writes to `main`, and to `audit` when asked to. */
export const DEFAULT_TOKEN: HecToken = { token: SPLUNK_TOKEN, index: 'main', indexes: ['main', 'audit'] };
