/** The tables of peers, and where envseal is not first. */
import { medianOf } from '../statistics.ts';
import type { Line, Measured } from './measure.ts';
import type { Kind } from './peer.ts';
import { sizeOf } from './size.ts';
import type { Sweep } from './sweeps.ts';

/** What is not in the competition: it has none of the checks, and is the least that a start can take. */
const FLOOR = 'the yardstick';
const OURS = /^envseal(?!\.mjs)/;

const KINDS: Readonly<Record<Kind, string>> = {
  store: 'From a store',
  'sops-kms': 'From a local SOPS file under AWS KMS',
  local: 'From a local file under a key in the environment',
  unsealed: 'From a local file that is not sealed',
};

interface Column {
  readonly title: string;
  readonly digits: number;
  readonly of: (measured: Measured) => number | undefined;
}

const COLUMNS: readonly Column[] = [
  { title: 'HTTP, ms', digits: 1, of: ({ http }) => http && medianOf(http, 'wallMs') },
  { title: 'TLS, ms', digits: 1, of: ({ tls }) => medianOf(tls, 'wallMs') },
  { title: 'CPU, ms', digits: 1, of: ({ tls }) => medianOf(tls, 'cpuMs') },
  { title: 'peak MiB', digits: 1, of: ({ tls }) => medianOf(tls, 'peakMiB') },
  { title: 'requests', digits: 0, of: ({ counts }) => counts.requests },
  { title: 'KB on the wire', digits: 1, of: ({ counts }) => counts.bytes / 1000 },
  { title: 'size, MB', digits: 1, of: ({ competitor }) => sizeOf(competitor.found.files) / 1e6 },
  { title: 'stays resident, MiB', digits: 1, of: ({ resident }) => resident?.mebibytes },
];

export function plainTables(measured: readonly Measured[]): string {
  return (Object.keys(KINDS) as Kind[])
    .map((kind) => ({ kind, rows: measured.filter(({ competitor }) => competitor.peer.kind === kind) }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ kind, rows }) => `${KINDS[kind]}:\n\n${plainTable(rows)}`)
    .join('\n\n');
}

function plainTable(rows: readonly Measured[]): string {
  const least = COLUMNS.map(({ of }) => leastOf(rows.filter(competes).map(of)));
  const cells = rows.map((row) => [
    row.competitor.peer.name,
    row.competitor.peer.opens,
    ...COLUMNS.map(({ digits, of }, i) => cell(of(row), digits, competes(row) ? least[i] : undefined)),
  ]);
  return table(['', 'opens', ...COLUMNS.map(({ title }) => title)], cells);
}

export function sweepTable({ title, points }: Sweep, lines: readonly Line[]): string {
  const shown = lines.filter(({ wallMs }) => wallMs.size > 1);
  const cells = shown.map(({ name, wallMs }) => [name, ...points.map((x) => cell(wallMs.get(x), 1))]);
  return table([`ms by ${title}`, ...points.map((x) => x.toLocaleString('en'))], cells);
}

/** A line for each column of each kind, and for each point of each sweep, where another is before envseal. */
export function whereNotFirst(
  measured: readonly Measured[],
  sweeps: readonly { readonly sweep: Sweep; readonly lines: readonly Line[] }[],
): string[] {
  const competing = measured.filter(competes);
  return competing
    .filter(({ competitor }) => OURS.test(competitor.peer.name))
    .flatMap((ours) => {
      const rivals = competing.filter(
        (other) => other !== ours && other.competitor.peer.kind === ours.competitor.peer.kind,
      );
      const columns = COLUMNS.map(({ title, of, digits }) => ({ title, digits, of }));
      const points = sweeps.flatMap(({ sweep, lines }) =>
        sweep.points.map((x) => ({
          title: `ms at ${x.toLocaleString('en')} ${sweep.title}`,
          digits: 1,
          of: ({ competitor }: Measured) =>
            lines.find(({ name }) => name === competitor.peer.name)?.wallMs.get(x),
        })),
      );
      return [...columns, ...points].flatMap((column) => behind(ours, rivals, column));
    });
}

function behind(ours: Measured, rivals: readonly Measured[], { title, digits, of }: Column): string[] {
  const own = of(ours)?.toFixed(digits);
  const before = rivals
    .map((rival) => ({ name: rival.competitor.peer.name, value: of(rival)?.toFixed(digits) }))
    .filter(({ value }) => own !== undefined && value !== undefined && Number(value) < Number(own));
  if (before.length === 0) return [];
  const list = before.map(({ name, value }) => `${name} ${value}`).join(', ');
  return [`${ours.competitor.peer.name}, ${title}: ${own}; before it ${list}`];
}

function competes({ competitor }: Measured): boolean {
  return competitor.peer.name !== FLOOR;
}

function leastOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length < 2 ? undefined : Math.min(...known);
}

/** The best of a column is bold. */
function cell(value: number | undefined, digits: number, least?: number): string {
  if (value === undefined) return '–';
  const text = value.toFixed(digits);
  return least !== undefined && text === least.toFixed(digits) ? `**${text}**` : text;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
