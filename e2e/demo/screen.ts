// What the user sees: lines that stay, and one table that is redrawn in place below them. On anything but a terminal:
// no control codes, and a line for each row that changed. At most ten redraws a second. Lacks full-screen modes and
// resize handling: the next redraw has the new width.
import { styleText } from 'node:util';
import { type Paint, type Row, renderTable } from './table.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const FRAME_MS = 100;

export class Screen {
  readonly isLive: boolean;
  readonly paint: Paint;
  readonly #output: Output;
  readonly #startedAt = performance.now();
  #rows: readonly Row[] = [];
  #frame: NodeJS.Timeout | undefined;
  #drawnAt = -FRAME_MS;
  #height = 0;
  #told = new Map<number, string>();
  #closed = false;

  constructor(output: Output, env: Readonly<Record<string, string | undefined>>) {
    this.#output = output;
    this.isLive = output.isTTY === true && env['TERM'] !== 'dumb';
    const colours = this.isLive && !env['NO_COLOR'];
    this.paint = (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** A line that stays, above the table. */
  line(text = ''): void {
    if (this.#closed) return;
    if (!this.isLive && this.#frame !== undefined) this.#draw();
    const height = this.#height;
    this.#height = 0;
    this.#output.write(`${height > 0 ? `\x1b[${height}A\r\x1b[J` : ''}${text}\n`);
    if (height > 0) this.#draw();
  }

  /** A line with the time since the start. */
  progress(text: string): void {
    this.line(this.paint('dim', `${this.seconds.toFixed(1).padStart(6)} s  ${text}`));
  }

  table(rows: readonly Row[]): void {
    this.#rows = rows;
    if (this.#closed || this.#frame !== undefined) return;
    const waitMs = Math.max(0, this.#drawnAt + FRAME_MS - performance.now());
    this.#frame = setTimeout(() => this.#draw(), waitMs);
  }

  /** The table stays as it is now; the next one begins below. */
  freeze(): void {
    if (this.#closed) return;
    if (this.#rows.length > 0) this.#draw();
    clearTimeout(this.#frame);
    this.#frame = undefined;
    this.#rows = [];
    this.#height = 0;
    this.#told = new Map();
  }

  close(): void {
    this.freeze();
    this.#closed = true;
  }

  #draw(): void {
    clearTimeout(this.#frame);
    this.#frame = undefined;
    this.#drawnAt = performance.now();
    if (this.isLive) this.#redraw();
    else this.#tell();
  }

  #redraw(): void {
    const { columns = 80, rows = 24 } = this.#output;
    const lines = renderTable(this.#rows, columns - 1, this.paint).slice(0, Math.max(1, rows - 2));
    const up = this.#height > 0 ? `\x1b[${this.#height}A` : '';
    this.#height = lines.length;
    this.#output.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
  }

  #tell(): void {
    const [title = '', ...lines] = renderTable(this.#rows, Number.MAX_SAFE_INTEGER, this.paint);
    this.#rows.forEach((row, index) => {
      const text = lines[index] ?? '';
      const key = JSON.stringify(row);
      if (this.#told.get(row.ordinal) === key) return;
      if (this.#told.size === 0) this.#output.write(`${' '.repeat(10)}${title}\n`);
      this.#told.set(row.ordinal, key);
      this.#output.write(`${this.seconds.toFixed(1).padStart(6)} s  ${text}\n`);
    });
  }
}
