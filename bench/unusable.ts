/** What keeps the bench from running, and what to do about it: one line, without a stack. */
export class Unusable extends Error {}
