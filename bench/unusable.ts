/** The reason why the bench cannot run, and what to do about it: one line, without a stack. */
export class Unusable extends Error {}
