// A chart over time: stacked areas or lines, drawn to the width there is, with what it says at the pointer (and at the arrow
// keys). A null is a gap: nobody looked then. The newest figures stand in the legend, so that nothing depends on colour.
import { scaleLinear } from "d3-scale";
import { area, curveMonotoneX, line, stack } from "d3-shape";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, short } from "../core/format.ts";

export type ChartTone = "accent" | "good" | "bad" | "warn" | "busy" | "wait" | "calm";

export interface ChartSeries {
  readonly label: string;
  readonly tone: ChartTone;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly label: string;
  /** Milliseconds since the epoch, one for each value. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly kind?: "stacked" | "lines";
  readonly format?: (value: number) => string;
  readonly height?: number;
  /** Said instead of a line at zero, where nothing but zero is known. */
  readonly nothing: string;
}

const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const TICKS = 3;
const PX_A_TIME = 110;
/** Of its label: the last one stays in the drawing. */
const HALF_A_TIME = 16;

export function Chart({ label, times, series, kind = "lines", format = short, height = 180, nothing }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  const [at, setAt] = useState<number | undefined>(undefined);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, entry?.contentRect.width ?? 600)));
    if (frame.current !== null) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  const first = times[0] ?? 0;
  const last = times.at(-1) ?? 1;
  const x = scaleLinear([first, Math.max(last, first + 1)], [LEFT, width - RIGHT]);
  const tops = times.map((_, index) => {
    const values = series.map(({ values: own }) => own[index] ?? 0);
    return kind === "stacked" ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
  });
  const y = scaleLinear([0, Math.max(0, ...tops) || 1], [height - BOTTOM, TOP]).nice(TICKS);
  const isNothing = tops.every((top) => top === 0);
  const isWhole = series.every(({ values }) => values.every((value) => Number.isInteger(value ?? 0)));
  const nearest = (clientX: number) => {
    const box = frame.current?.getBoundingClientRect();
    const wanted = x.invert(clientX - (box?.left ?? 0));
    return times.reduce(
      (best, time, index) => (Math.abs(time - wanted) < Math.abs((times[best] ?? 0) - wanted) ? index : best),
      0,
    );
  };
  const shown = at ?? latestOf(series, times.length);
  const move = (by: number) => setAt(Math.min(times.length - 1, Math.max(0, shown + by)));

  return (
    <figure class="chart">
      <figcaption class="legend">
        {series.map(({ label: name, tone, values }) => (
          <span key={name}>
            <i class={`swatch ${tone}`} />
            {name} <b>{wordsOf(values[shown], format)}</b>
          </span>
        ))}
        <span class="chart-time">{at === undefined ? "now" : clock(times[at] ?? 0)}</span>
      </figcaption>
      <div ref={frame}>
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${label}. ${series.map(({ label: name, values }) => `${name}: ${wordsOf(values[latestOf(series, times.length)], format)}`).join(", ")}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the reading.
          tabIndex={0}
          onPointerMove={(event) => setAt(nearest(event.clientX))}
          onPointerLeave={() => setAt(undefined)}
          onBlur={() => setAt(undefined)}
          onKeyDown={(event) => {
            if (event.key === "ArrowLeft") move(-1);
            if (event.key === "ArrowRight") move(1);
          }}
        >
          {labelled(isNothing ? [0] : y.ticks(TICKS), format, isWhole).map((tick) => (
            <g key={tick} class="grid">
              <line x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
              <text x={LEFT - 6} y={y(tick)} dy="0.32em" text-anchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {timeTicks(first, last, Math.max(2, Math.floor((width - LEFT) / PX_A_TIME))).map((tick) => (
            <text
              key={tick}
              class="tick"
              x={Math.min(x(tick), width - HALF_A_TIME)}
              y={height - 5}
              text-anchor="middle"
            >
              {clock(tick)}
            </text>
          ))}
          {isNothing ? (
            <text class="nothing" x={(LEFT + width - RIGHT) / 2} y={(height - BOTTOM + TOP) / 2} text-anchor="middle">
              {nothing}
            </text>
          ) : null}
          {kind === "stacked" ? <Stacked {...{ times, series, x, y }} /> : <Lines {...{ times, series, x, y }} />}
          {at === undefined ? null : (
            <line class="cursor" x1={x(times[at] ?? 0)} x2={x(times[at] ?? 0)} y1={TOP} y2={height - BOTTOM} />
          )}
        </svg>
      </div>
    </figure>
  );
}

function wordsOf(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

/** What is now: the last bucket, or the one before while nobody has looked in the last. */
function latestOf(series: readonly ChartSeries[], length: number): number {
  const isKnown = series.some(({ values }) => (values[length - 1] ?? null) !== null);
  return isKnown || length < 2 ? length - 1 : length - 2;
}

/** Ticks that read differently; between whole numbers there is nothing. */
function labelled(ticks: readonly number[], format: (value: number) => string, isWhole: boolean): readonly number[] {
  const fitting = isWhole ? ticks.filter((tick) => Number.isInteger(tick)) : ticks;
  return fitting.filter((tick, index) => index === 0 || format(tick) !== format(fitting[index - 1] ?? 0));
}

interface Drawn {
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function Lines({ times, series, x, y }: Drawn) {
  const drawLine = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(times[index] ?? 0))
    .y((value) => y(value ?? 0))
    .curve(curveMonotoneX);
  const drawArea = area<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(times[index] ?? 0))
    .y0(y(0))
    .y1((value) => y(value ?? 0))
    .curve(curveMonotoneX);
  return (
    <>
      {series.map(({ label, tone, values }, index) => (
        <g key={label} class={`series ${tone}`}>
          {index === 0 ? <path class="area" d={drawArea([...values]) ?? ""} /> : null}
          <path class="line" d={drawLine([...values]) ?? ""} />
          {aloneIn(values).map((at) => (
            <circle key={at} class="alone" cx={x(times[at] ?? 0)} cy={y(values[at] ?? 0)} r={2.5} />
          ))}
        </g>
      ))}
    </>
  );
}

/** Values without a neighbour: no line is drawn to them. */
function aloneIn(values: readonly (number | null)[]): readonly number[] {
  const isThere = (index: number) => (values[index] ?? null) !== null;
  return [...values.keys()].filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1));
}

function Stacked({ times, series, x, y }: Drawn) {
  const layers = stack<number, ChartSeries>()
    .keys([...series])
    .value((index, { values }) => values[index] ?? 0)(times.map((_, index) => index));
  const isKnown = (index: number) => series.some(({ values }) => (values[index] ?? null) !== null);
  const draw = area<[number, number] & { data: number }>()
    .defined((point) => isKnown(point.data))
    .x((point) => x(times[point.data] ?? 0))
    .y0((point) => y(point[0]))
    .y1((point) => y(point[1]))
    .curve(curveMonotoneX);
  return (
    <>
      {layers.map((layer) => (
        <g key={layer.key.label} class={`series ${layer.key.tone}`}>
          <path class="area full" d={draw(layer as never) ?? ""} />
        </g>
      ))}
    </>
  );
}

const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440];

/** At round minutes of the reader's clock. */
function timeTicks(first: number, last: number, most: number): number[] {
  const step = (STEPS_MIN.find((minutes) => (last - first) / (minutes * 60_000) <= most) ?? 1_440) * 60_000;
  const offset = new Date(first).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil((first - offset) / step) * step + offset; tick <= last; tick += step) ticks.push(tick);
  return ticks;
}

/** A line without axes, beside a figure; below it where zero is, so that one without values is seen to be empty. */
export function Sparkline({
  values,
  tone = "accent",
  label,
}: {
  values: readonly (number | null)[];
  tone?: ChartTone;
  label: string;
}) {
  const width = 120;
  const height = 28;
  const x = scaleLinear([0, Math.max(1, values.length - 1)], [1, width - 1]);
  const y = scaleLinear([0, Math.max(1, ...values.map((value) => value ?? 0))], [height - 2, 2]);
  const draw = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(index))
    .y((value) => y(value ?? 0));
  const fill = area<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(index))
    .y0(height - 2)
    .y1((value) => y(value ?? 0));
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line class="zero" x1={0} x2={width} y1={height - 1} y2={height - 1} />
      <g class={`series ${tone}`}>
        <path class="area" d={fill([...values]) ?? ""} />
        <path class="line" d={draw([...values]) ?? ""} />
      </g>
    </svg>
  );
}
