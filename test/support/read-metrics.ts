/** Reads the text format of Prometheus, strictly, with code that shares nothing with what writes it. */

export interface ReadMetrics {
  /** `name{label="value"}` as it is written, to its value. */
  readonly series: ReadonlyMap<string, number>;
  readonly types: ReadonlyMap<string, string>;
  /** Of metrics, without the endings of histograms. */
  readonly names: ReadonlySet<string>;
}

const SAMPLE =
  /^([a-zA-Z_:][\w:]*)((?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))*\})?) (-?[\d.]+(?:e[+-]?\d+)?|\+Inf|NaN)$/;

/** Throws for a line that is not of the format. */
export function readMetrics(text: string): ReadMetrics {
  const read = { series: new Map<string, number>(), types: new Map<string, string>() };
  const names = new Set<string>();
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line is not ended");
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith("# TYPE ")) readType(line, read.types);
    else if (!line.startsWith("# HELP ")) names.add(readSample(line, read));
  }
  return { ...read, names };
}

function readType(line: string, types: Map<string, string>): void {
  const [, name, type] = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line) ?? [];
  if (name === undefined || type === undefined || types.has(name)) throw new Error(line);
  types.set(name, type);
}

/** Returns the metric's name. */
function readSample(
  line: string,
  { series, types }: { series: Map<string, number>; types: Map<string, string> },
): string {
  const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || series.has(name + labels)) throw new Error(`not a sample: ${line}`);
  const base = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
  if (!types.has(base)) throw new Error(`${name} has no type`);
  series.set(name + labels, value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value));
  return base;
}
