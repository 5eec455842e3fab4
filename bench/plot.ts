// A picture of a few series, as SVG without a library. It reads in the dark as well: its colours follow the reader's scheme.

export interface Series {
  label: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Guides the eye and was not measured. */
  guide?: boolean;
}

export interface Panel {
  title: string;
  /** With its unit. */
  x: string;
  y: string;
  series: readonly Series[];
  /** Powers of ten at equal distances, for what differs by as much. */
  log?: boolean;
  /** Where the axis of x has its marks; each point's place is by its rank among them, so that 0.5, 1, 2 and 5 are evenly apart. */
  marks: readonly number[];
  markLabel?: (mark: number) => string;
}

export interface Picture {
  title: string;
  /** What somebody who does not see it should know. */
  description: string;
  panels: readonly Panel[];
}

const WIDTH = 420;
const HEIGHT = 320;
const FRAME = { left: 64, right: 18, top: 48, bottom: 54 };
const LEGEND = 20;

const style = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }
  .title { font-weight: 600; font-size: 13px; }
  .quiet { fill: var(--quiet); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .axis { stroke: var(--quiet); stroke-width: 1; }
  .line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
  .guide { stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 4 4; }
  svg, .all { --ink: #1b1f24; --quiet: #626a73; --grid: #e3e6ea; --paper: #ffffff; --s0: #0b62c4; --s1: #b3400f; --s2: #1a7f4b; --s3: #7a3fb0; }
  @media (prefers-color-scheme: dark) {
    svg, .all { --ink: #e8ebee; --quiet: #9aa4ae; --grid: #30363d; --paper: #14181d; --s0: #6cb2ff; --s1: #ff9a63; --s2: #57d08f; --s3: #c79bf2; }
  }`;

/** A whole SVG document. Panels stand side by side. */
export function plot({ title, description, panels }: Picture): string {
  const rows = Math.max(...panels.map(({ series }) => series.length));
  const [width, height] = [WIDTH * panels.length, HEIGHT + 12 + LEGEND * rows];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    `<style>${style}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}" rx="6" style="fill: var(--paper)"/>`,
    ...panels.map((panel, index) => `<g transform="translate(${index * WIDTH} 0)">\n${drawPanel(panel)}\n</g>`),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(panel: Panel): string {
  const scale = scaleOf(panel);
  return [
    `<text class="title" x="${FRAME.left}" y="24">${escaped(panel.title)}</text>`,
    ...scale.ticks.map((tick) => drawTick(tick, scale.y(tick))),
    ...panel.marks.map((mark) => drawMark(panel, mark, scale.x(mark))),
    `<line class="axis" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${HEIGHT - FRAME.bottom}" y2="${HEIGHT - FRAME.bottom}"/>`,
    `<text class="quiet" text-anchor="middle" x="${(FRAME.left + WIDTH - FRAME.right) / 2}" y="${HEIGHT - 14}">${escaped(panel.x)}</text>`,
    `<text class="quiet" x="${FRAME.left}" y="41">${escaped(panel.y)}</text>`,
    ...panel.series.map((series, index) => drawSeries(series, index, scale)),
    ...panel.series.map((series, index) => drawLegend(series, index)),
  ].join('\n');
}

interface Scale {
  x(value: number): number;
  y(value: number): number;
  ticks: number[];
}

function scaleOf({ series, log = false, marks }: Panel): Scale {
  const values = series.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
  const ticks = log ? powersAround(values) : evenTicks(Math.max(0, ...values));
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const part = (value: number) => (log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low));
  const [left, right] = [FRAME.left + 14, WIDTH - FRAME.right - 14];
  const bottom = HEIGHT - FRAME.bottom;
  return {
    x: (value) => left + (rankOf(value, marks) / Math.max(1, marks.length - 1)) * (right - left),
    y: (value) => bottom - part(value) * (bottom - FRAME.top - 8),
    ticks,
  };
}

function rankOf(value: number, marks: readonly number[]): number {
  const rank = marks.indexOf(value);
  if (rank < 0) throw new Error(`there is no mark for ${value}`);
  return rank;
}

/** From the power of ten below the least to the one above the most. */
export function powersAround(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [1, 10];
  const low = Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))));
  return Array.from({ length: high - low + 1 }, (_, index) => Number((10 ** (low + index)).toPrecision(1)));
}

/** Five or so round numbers from 0 to at least `most`. */
export function evenTicks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function drawTick(tick: number, y: number): string {
  const at = y.toFixed(1);
  return (
    `<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${at}" y2="${at}"/>` +
    `<text class="quiet" text-anchor="end" x="${FRAME.left - 8}" y="${(y + 4).toFixed(1)}">${tick.toLocaleString('en')}</text>`
  );
}

/** Of two marks each has half of the width: what is long stays within it. */
function drawMark({ markLabel = String, marks }: Panel, mark: number, x: number): string {
  const anchor = marks.length !== 2 ? 'middle' : mark === marks[0] ? 'start' : 'end';
  const at = anchor === 'start' ? FRAME.left : anchor === 'end' ? WIDTH - FRAME.right : x;
  return `<text class="quiet" text-anchor="${anchor}" x="${at.toFixed(1)}" y="${HEIGHT - FRAME.bottom + 18}">${escaped(markLabel(mark))}</text>`;
}

function drawSeries({ points, guide }: Series, index: number, scale: Scale): string {
  const seen = points.filter(([, y]) => Number.isFinite(y)).map(([x, y]) => [scale.x(x).toFixed(1), scale.y(y).toFixed(1)] as const);
  const path = seen.map(([x, y]) => `${x},${y}`).join(' ');
  if (guide) return `<polyline class="line guide" points="${path}"/>`;
  const dots = seen.map(([x, y]) => shapeAt(index, Number(x), Number(y)));
  return `<polyline class="line" style="stroke: var(--s${index % 4})" points="${path}"/>${dots.join('')}`;
}

/** Each series has a shape of its own: colours alone are not for everybody. */
function shapeAt(index: number, x: number, y: number): string {
  const fill = `style="fill: var(--s${index % 4})"`;
  if (index % 4 === 0) return `<circle ${fill} cx="${x}" cy="${y}" r="4.5"/>`;
  if (index % 4 === 1) return `<rect ${fill} x="${x - 4}" y="${y - 4}" width="8" height="8"/>`;
  if (index % 4 === 2) return `<path ${fill} d="M${x} ${y - 5.5}l5.5 9.5h-11z"/>`;
  return `<path ${fill} d="M${x} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>`;
}

function drawLegend({ label, guide }: Series, index: number): string {
  const y = HEIGHT + 12 + index * LEGEND;
  const line = guide
    ? `<line class="line guide" x1="${FRAME.left}" x2="${FRAME.left + 26}" y1="${y}" y2="${y}"/>`
    : `<line class="line" style="stroke: var(--s${index % 4})" x1="${FRAME.left}" x2="${FRAME.left + 26}" y1="${y}" y2="${y}"/>${shapeAt(index, FRAME.left + 13, y)}`;
  return `${line}<text x="${FRAME.left + 36}" y="${y + 4}">${escaped(label)}</text>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character);
}
