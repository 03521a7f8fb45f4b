/** A plot of lines, as an SVG of its own that reads well on a dark and on a light page. Both axes are logarithmic. */
import type { Line } from '../peers/measure.ts';
import { spread } from './labels.ts';
import { logScale } from './scale.ts';

const [WIDTH, HEIGHT] = [860, 480];
const AREA = { left: 64, right: 620, top: 44, bottom: 430 };
const LABEL_HEIGHT = 15;
/** Tells apart, on white and on black. Ours is the first. */
const COLOURS = ['#e8590c', '#1c7ed6', '#2f9e44', '#9c36b5', '#c2255c', '#0c8599', '#868e96', '#a07d00'];
/** From the ninth line on, the colours come again, broken. */
const DASHES = ['', '6 3', '2 3'];

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #8886; stroke-width: 1 }
.thread { stroke-opacity: 0.35 }
.line { fill: none; stroke-width: 1.75 }
.ours { stroke-width: 3.5 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }`;

/** Lines without two points are left out. A zero is drawn where the least of the others is. */
export function drawPlot(title: string, lines: readonly Line[]): string {
  const shown = lines.filter(({ wallMs }) => wallMs.size > 1).sort(oursFirst);
  const xs = [...new Set(shown.flatMap(({ wallMs }) => [...wallMs.keys()]))].sort((a, b) => a - b);
  const ys = shown.flatMap(({ wallMs }) => [...wallMs.values()]);
  const positive = xs.map((x) => Math.max(x, 1));
  const x = logScale(positive, [AREA.left, AREA.right]);
  const y = logScale(ys, [AREA.bottom, AREA.top]);
  const at = (value: number) => x.at(Math.max(value, 1));
  const ends = shown.map(({ wallMs }): Position => {
    const [value, ms] = [...wallMs].at(-1) as [number, number];
    return [at(value), y.at(ms)];
  });
  const labels = spread(
    ends.map(([, height]) => height),
    LABEL_HEIGHT,
    [AREA.top, AREA.bottom],
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escaped(`ms by ${title}`)}</title><style>${STYLE}</style>`,
    text(AREA.left, 22, `Wall time in ms, by ${title}`, 'class="title"'),
    ...y.ticks.map((value) => grid([AREA.left, y.at(value)], [AREA.right, y.at(value)])),
    ...y.ticks.map((value) => text(AREA.left - 8, y.at(value) + 4, String(value), 'text-anchor="end"')),
    ...xs.map((value) => grid([at(value), AREA.top], [at(value), AREA.bottom])),
    ...xs.map((value) => text(at(value), AREA.bottom + 20, String(value), 'text-anchor="middle"')),
    ...shown.map((line, i) => draw(line, i, at, y.at)),
    ...shown.map((line, i) => label(line, i, ends[i] as Position, labels[i] as number)),
    '</svg>\n',
  ].join('\n');
}

function oursFirst(a: Line, b: Line): number {
  return Number(b.name === 'envseal') - Number(a.name === 'envseal');
}

function draw(
  { wallMs }: Line,
  index: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const points = [...wallMs].map(([value, ms]) => `${x(value).toFixed(1)},${y(ms).toFixed(1)}`);
  return `<polyline class="line${index === 0 ? ' ours' : ''}" ${stroke(index)} points="${points.join(' ')}"/>`;
}

/** At the height of its line's end, or near it, with a thread between them. */
function label({ name }: Line, index: number, [x, end]: Position, height: number): string {
  const thread = `<line ${stroke(index)} class="thread" x1="${x.toFixed(1)}" y1="${end.toFixed(1)}" x2="${AREA.right + 18}" y2="${height.toFixed(1)}"/>`;
  const bold = index === 0 ? 'font-weight="600"' : '';
  return thread + text(AREA.right + 22, height + 4, name.replaceAll('`', ''), bold);
}

function stroke(index: number): string {
  const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length];
  return `stroke="${COLOURS[index % COLOURS.length]}"${dash ? ` stroke-dasharray="${dash}"` : ''}`;
}

type Position = readonly [x: number, y: number];

function grid([x1, y1]: Position, [x2, y2]: Position): string {
  return `<line class="grid" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
