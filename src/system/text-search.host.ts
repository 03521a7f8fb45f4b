/** The same by the host. */
import { natives } from '../platform/callbacks.ts';

export const isText = (text: string): boolean => natives.isText(text);

export function includesAny(text: string, parts: readonly string[]): boolean {
  return natives.includesAny(text, parts);
}

export const indexOf = (text: string, part: string): number => natives.indexOf(text, part);
