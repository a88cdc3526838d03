// The table as text: rows out of a view, lines out of rows. Pure. A narrow terminal shortens cells, the longest kind of
// text first, and in the end cuts whole lines, so that a line never wraps.
import { short } from './copies.ts';
import { dnsName, memberOf, podName, type View, ZONE } from './view.ts';

export interface Row {
  readonly ordinal: number;
  readonly pod: string;
  readonly dns: string;
  readonly claims: string;
  readonly state: string;
  readonly waitsFor: string;
}

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';
export type Paint = (style: Style, text: string) => string;

interface Column {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Given to it even when nothing fills it, so that the table does not jump. */
  readonly usual: number;
  readonly least: number;
}

const COLUMNS: readonly Column[] = [
  { title: '#', of: ({ ordinal }) => String(ordinal), usual: 1, least: 1 },
  { title: 'POD', of: ({ pod }) => pod, usual: 14, least: 5 },
  { title: 'DNS NAME → ADDRESS', of: ({ dns }) => dns, usual: 22, least: 10 },
  { title: 'CLAIM', of: ({ claims }) => claims, usual: 27, least: 20 },
  { title: 'STATE', of: ({ state }) => state, usual: 11, least: 5 },
  { title: 'WAITS FOR', of: ({ waitsFor }) => waitsFor, usual: 0, least: 0 },
];
const STATE = 4;
const LAST = COLUMNS.length - 1;
/** Less of a sentence tells nobody anything. */
const LEAST_MESSAGE = 30;
/** Which columns give way first: what can be long and is least missed. */
const YIELDING = [5, 3, 2, 1, 4];
const GAP = '  ';

/** One row for each ordinal that has a pod, a claim or an entry in the status. */
export function rowsOf(view: View): readonly Row[] {
  const { app, pods, claims } = view;
  const prefix = `${app?.metadata.name ?? ''}-`;
  const ordinals = new Set(app?.status?.members?.map(({ ordinal }) => ordinal));
  for (const name of pods.keys())
    if (ordinalOf(name, prefix) !== undefined) ordinals.add(Number(name.slice(prefix.length)));
  for (const name of claims.keys()) {
    const at = name.lastIndexOf(`-${prefix}`);
    const ordinal = at < 0 ? undefined : ordinalOf(name.slice(at + 1), prefix);
    if (ordinal !== undefined) ordinals.add(ordinal);
  }
  return [...ordinals].sort((a, b) => a - b).map((ordinal) => rowOf(view, ordinal));
}

/** The number of `web-3`; undefined for any other name. */
export function ordinalOf(name: string, prefix: string): number | undefined {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

function rowOf(view: View, ordinal: number): Row {
  const name = podName(view, ordinal);
  const pod = view.pods.get(name);
  const host = dnsName(view, ordinal);
  const answer = view.addresses.get(host);
  const claims = [...view.claims.values()].filter(({ metadata }) => metadata.name.endsWith(`-${name}`));
  const member = memberOf(view, ordinal);
  const brief = host.replace(`.${view.app?.metadata.namespace ?? ''}.${ZONE}`, '');
  return {
    ordinal,
    pod: pod === undefined ? `${name} –` : `${name} ${short(pod.metadata.uid)}`,
    dns: `${brief} → ${answer === undefined ? '?' : (answer ?? '–')}`,
    claims:
      claims
        .map(({ metadata, status }) => `${metadata.name} ${short(metadata.uid)} ${status?.phase ?? '?'}`)
        .join(', ') || '–',
    state: member?.state ?? '–',
    waitsFor: member?.message ?? '',
  };
}

/**
 * A title line and one line for each row, none wider than `width`. Where that leaves too little for what is waited for,
 * it has a line of its own below the row.
 */
export function renderTable(rows: readonly Row[], width: number, paint: Paint): readonly string[] {
  const natural = COLUMNS.map(({ title, of, usual }) =>
    Math.max(title.length, usual, ...rows.map((row) => of(row).length)),
  );
  const beside = width - total(natural.slice(0, LAST)) - GAP.length >= LEAST_MESSAGE;
  const columns = beside ? COLUMNS : COLUMNS.slice(0, LAST);
  const widths = fitted(natural.slice(0, columns.length), width);
  const line = (texts: readonly string[], style: Style, styled: (index: number) => boolean) => {
    const padded = texts.map((text, index) => cut(text, widths[index] ?? 0).padEnd(widths[index] ?? 0));
    const bare = padded.join(GAP).trimEnd();
    if (bare.length > width) return cut(bare, width);
    const painted = padded.map((text, index) => (styled(index) ? paint(style, text) : text));
    return painted.join(GAP).trimEnd();
  };
  const titles = columns.map(({ title }) => title);
  return [
    line(titles, 'dim', () => true),
    ...rows.flatMap((row) => [
      line(
        columns.map(({ of }) => of(row)),
        tone(row.state),
        (index) => index === STATE,
      ),
      ...(beside || row.waitsFor === '' ? [] : [paint('dim', cut(`   ↳ ${row.waitsFor}`, width))]),
    ]),
  ];
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1);
}

/** Columns give way one after the other, each down to its least width. */
function fitted(natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let excess = total(natural) - width;
  for (const index of YIELDING.filter((at) => at < widths.length)) {
    const now = widths[index] ?? 0;
    const given = Math.max(0, Math.min(excess, now - (COLUMNS[index]?.least ?? 0)));
    widths[index] = now - given;
    excess -= given;
  }
  return widths;
}

export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 0 ? '' : `${text.slice(0, width - 1)}…`;
}

function tone(state: string): Style {
  if (state === 'Available' || state === 'Ready') return 'green';
  if (state === '–') return 'dim';
  return ['Failed', 'Vanished', 'NameTaken', 'VolumeAtRisk'].includes(state) ? 'red' : 'yellow';
}
