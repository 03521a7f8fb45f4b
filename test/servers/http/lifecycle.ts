/** The life of a server process: one line when ready, gone when whoever started it is gone. */

import { type Commands, serveAdmin } from './admin.ts';

/** Then a server ends, whatever its starter does. */
export const LONGEST_LIFE_MS = 15 * 60 * 1000;

/** What the one line on stdout says. */
export interface Announcement {
  readonly url: string;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly adminUrl: string;
  readonly commands: readonly string[];
}

export async function announce(
  endpoints: Readonly<Record<string, string>>,
  commands: Commands,
): Promise<void> {
  const [url = ''] = Object.values(endpoints);
  const adminUrl = await serveAdmin(commands);
  const announcement: Announcement = { url, endpoints, adminUrl, commands: Object.keys(commands) };
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  setTimeout(() => process.exit(0), LONGEST_LIFE_MS);
}
