/** Seconds in each unit, largest first. */
const UNITS = [
  ['y', 31_536_000],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** `3d`, `12m`, `5s`: how long ago that was, in the largest unit that fits; empty where it is not known. */
export function describeAge(time: string | null, nowMs = Date.now()): string {
  if (time === null) return '';
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000));
  const unit = UNITS.find(([, size]) => seconds >= size);
  return unit === undefined ? `${seconds}s` : `${Math.floor(seconds / unit[1])}${unit[0]}`;
}
