/** One amount in several units: `90 minutes` and `1.5 hours`, `24 months` and `2 years`. */
import type { Unit } from "./units.ts";

/** A line for each measure: its units, each with how many of the smallest it is. */
const TABLE = `ms:1 s:1000 min:60000 h:3600000 d:86400000 week:604800000
month:1 quarter:3 year:12 decade:120 century:1200
mm:1 cm:10 m:1000 km:1000000
inch:1 ft:12 yard:36 mile:63360
mg:1 g:1000 kg:1000000 ton:1000000000
ml:1 l:1000
ma:1 amp:1000
volt:1 kv:1000
mah:1 ah:1000
mbar:1 bar:1000
w:1 kw:1000 mw:1000000
hz:1 khz:1000 mhz:1000000 ghz:1000000000
byte:1 kb:1000 mb:1000000 gb:1000000000 tb:1000000000000
byte:1 kb:1024 mb:1048576 gb:1073741824 tb:1099511627776`;

interface Scale {
  readonly measure: number;
  readonly factor: number;
}

interface Measured extends Partial<Unit> {
  /** A plain decimal, or something that has no amount. */
  readonly value: string;
}

const SCALES = Map.groupBy(
  TABLE.split("\n").flatMap((line, measure) =>
    line.split(" ").map((entry) => {
      const [unit = "", factor = ""] = entry.split(":");
      return { unit, scale: { measure, factor: Number(factor) } };
    }),
  ),
  ({ unit }) => unit,
);

/** The same amount as a key for each measure that has the unit; equal for equal amounts. */
export function toAmounts({ value, unit, isFar }: Measured): readonly string[] {
  const amount = Number(value);
  if (unit === undefined || isFar === true || !Number.isFinite(amount)) return [];
  return (SCALES.get(unit) ?? []).map(({ scale: { measure, factor } }: { scale: Scale }) => {
    return `${Number((amount * factor).toPrecision(12))}/${measure}`;
  });
}

/** How many of the other's unit make one of this one's; undefined where they do not measure the same. */
export function toScale(one: Partial<Unit>, other: Partial<Unit>): number | undefined {
  if (one.isFar !== false || other.isFar !== false) return undefined;
  for (const { scale } of SCALES.get(one.unit ?? "") ?? []) {
    const there = SCALES.get(other.unit ?? "")?.find(
      (found) => found.scale.measure === scale.measure,
    );
    if (there !== undefined) return scale.factor / there.scale.factor;
  }
  return undefined;
}
