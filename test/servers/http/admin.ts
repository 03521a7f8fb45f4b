/**
 * How a test steers a server: every command is `POST /-/NAME` with a JSON array of arguments, the answer its JSON
 * result. It has a port of its own, so that no fault, TLS setting or object key is in its way.
 */

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const PREFIX = '/-/';

export type Commands = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The same commands, seen from the other process. */
export type AdminClient<C extends Commands> = {
  readonly [Name in keyof C]: (...args: Parameters<C[Name]>) => Promise<Awaited<ReturnType<C[Name]>>>;
};

export async function serveAdmin(commands: Commands): Promise<string> {
  const server = createServer(async (message, response) => {
    const { status, body } = await execute(commands, message);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function execute(
  commands: Commands,
  message: IncomingMessage,
): Promise<{ status: number; body: string }> {
  const name = (message.url ?? '').slice(PREFIX.length);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return { status: 404, body: JSON.stringify(`no such command: ${name}`) };
  try {
    const args = parse((await text(message)) || '[]') as never[];
    return { status: 200, body: format((await command(...args)) ?? null) };
  } catch (error) {
    return { status: 400, body: JSON.stringify(String(error)) };
  }
}

/** `names` is the list of commands that the server announced. */
export function adminClient<C extends Commands>(url: string, names: readonly string[]): AdminClient<C> {
  const call = async (name: string, args: unknown[]) => {
    // JSON has no undefined: what is left out at the end must stay out, for the defaults over there.
    const given = args.slice(0, args.findLastIndex((argument) => argument !== undefined) + 1);
    const response = await fetch(url + PREFIX + name, { method: 'POST', body: format(given) });
    const result = parse(await response.text());
    if (!response.ok) throw new Error(`${name}: ${result}`);
    return result;
  };
  const entries = names.map((name) => [name, (...args: unknown[]) => call(name, args)]);
  return Object.fromEntries(entries) as AdminClient<C>;
}

/** JSON in which a Buffer stays a Buffer: in base64, because an array of numbers takes seconds for a few MiB. */
function format(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, plain) {
    const original = this[key];
    return Buffer.isBuffer(original) ? { type: 'Buffer', base64: original.toString('base64') } : plain;
  });
}

function parse(source: string): unknown {
  return JSON.parse(source, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.base64, 'base64') : value,
  );
}
