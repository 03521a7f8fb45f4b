/**
 * The globals that are made when one of them is asked for, by the module of this folder that exports them: a start seldom
 * needs one, and to read a class takes an interpreter its time.
 */
export const LATER = {
  buffer: ['Buffer'],
  crypto: ['crypto'],
  'dom-exception': ['DOMException'],
  small: ['atob', 'console', 'queueMicrotask'],
  'url-search-params': ['URLSearchParams'],
} as const;
