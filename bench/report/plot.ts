// One benchmark as a picture: a bar a side for each figure, as long as its median, with a line from the least to the most. Bars of one
// figure share a scale, since figures have different units. SVG text, readable on light and dark pages; pure.
import type { SideName } from '../sides/side.ts';
import { SIDES } from '../sides/side.ts';
import type { Row } from './rows.ts';
import { summaryText } from './table.ts';

const WIDTH = 720;
const LEFT = 96;
const RIGHT = 190;
const BAR = 16;
const GAP = 4;
const HEAD = 26;
const COLOURS: Readonly<Record<SideName, string>> = { ours: '#2f81f7', unthrottled: '#8b949e', default: '#c9a24b' };
const LABELS: Readonly<Record<SideName, string>> = {
  ours: 'ours',
  unthrottled: 'peer, no limit',
  default: 'peer, default',
};

/** Undefined when no figure has two sides: there is nothing to compare. */
export function plotOf(title: string, rows: readonly Row[]): string | undefined {
  const compared = rows.filter(({ sides }) => Object.keys(sides).length > 1);
  if (compared.length === 0) return undefined;
  let y = HEAD + 8;
  const groups = compared.map((row) => {
    const { svg, height } = groupOf(row, y);
    y += height;
    return svg;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="sans-serif" font-size="12" fill="#7d8590">`,
    text({ x: 8, y: 18, content: title, extra: ' font-size="14" font-weight="bold"' }),
    ...groups,
    '</svg>',
    '',
  ].join('\n');
}

function groupOf({ figure, sides }: Row, top: number): { readonly svg: string; readonly height: number } {
  const most = Math.max(...Object.values(sides).map(({ max }) => max), Number.MIN_VALUE);
  const scale = (WIDTH - LEFT - RIGHT) / most;
  const parts = [text({ x: 8, y: top + 14, content: figure.what })];
  let y = top + HEAD - 4;
  for (const side of SIDES) {
    const summary = sides[side];
    if (summary === undefined) continue;
    const { median, min, max } = summary;
    const middle = y + BAR / 2;
    parts.push(
      text({ x: LEFT - 8, y: middle + 4, content: LABELS[side], extra: ' text-anchor="end"' }),
      `<rect x="${LEFT}" y="${y}" width="${length(median * scale)}" height="${BAR}" fill="${COLOURS[side]}"/>`,
      `<line x1="${length(LEFT + min * scale)}" x2="${length(LEFT + max * scale)}" y1="${middle}" y2="${middle}" stroke="#e5534b" stroke-width="2"/>`,
      text({ x: LEFT + max * scale + 8, y: middle + 4, content: summaryText(summary, figure.unit) }),
    );
    y += BAR + GAP;
  }
  return { svg: parts.join('\n'), height: y - top + 8 };
}

const length = (pixels: number) => pixels.toFixed(1);

interface Text {
  readonly x: number;
  readonly y: number;
  readonly content: string;
  readonly extra?: string;
}

function text({ x, y, content, extra = '' }: Text): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${length(x)}" y="${length(y)}"${extra}>${escaped}</text>`;
}
