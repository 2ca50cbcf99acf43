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
  const series = new Map<string, number>();
  const types = new Map<string, string>();
  const names = new Set<string>();
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line is not ended");
  for (const line of text.split("\n").slice(0, -1)) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      if (types.has(type[1] ?? "")) throw new Error(`${line} comes twice`);
      types.set(type[1] ?? "", type[2] ?? "");
    } else if (!line.startsWith("# HELP ")) {
      const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
      if (name === "") throw new Error(`not a sample: ${line}`);
      const base = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
      if (!types.has(base)) throw new Error(`${name} has no type`);
      if (series.has(name + labels)) throw new Error(`${name}${labels} comes twice`);
      series.set(name + labels, value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value));
      names.add(base);
    }
  }
  return { series, types, names };
}
