/** Times of day: `8 am`, `6:30 p.m.`, `18:00`, `noon`. */

export interface TimeSpan {
  readonly start: number;
  readonly end: number;
  /** `18:00`; two where morning and evening cannot be told apart. */
  readonly readings: readonly string[];
  /** The hour as it is written, and minutes that are not zero. */
  readonly parts: readonly string[];
}

const TIME =
  /(?<![\p{L}\p{N}:.,])(?:(?<h>\d{1,2})(?::(?<m>[0-5]\d))?[ \u00a0]?(?<half>[ap])\.?m(?:\.|(?!\p{L}))|(?<hh>\d{1,2}):(?<mm>[0-5]\d)(?![\p{N}:])|(?<![\p{L}])(?<name>noon|midday|midnight)(?!\p{L}))/giu;
const HALF_DAY = 12;
const NOON = ["12:00"];
const MIDNIGHT = ["00:00", "24:00"];

/** Every time of day that is written with minutes, or as before or after noon. */
export function findTimes(text: string): readonly TimeSpan[] {
  return [...text.matchAll(TIME)].flatMap(({ index, 0: { length }, groups = {} }) => {
    const end = index + length;
    const name = groups["name"]?.toLowerCase();
    if (name !== undefined) {
      return [{ start: index, end, readings: name === "midnight" ? MIDNIGHT : NOON, parts: [] }];
    }
    const hour = Number(groups["h"] ?? groups["hh"]);
    const minute = groups["m"] ?? groups["mm"] ?? "00";
    const half = groups["half"]?.toLowerCase();
    const hours = toHours(hour, half).map((one) => `${String(one).padStart(2, "0")}:${minute}`);
    if (hours.length === 0) return [];
    const parts = [hour, ...(minute === "00" ? [] : [Number(minute)])].map(String);
    return [{ start: index, end, readings: hours, parts }];
  });
}

/** A bare number may be one too: "opens at 9". */
export function toBareTimes(value: string): readonly string[] {
  return /^\d{1,2}$/.test(value) ? toHours(Number(value), undefined).map(toFullHour) : [];
}

function toFullHour(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}

/** Without "am" or "pm" up to twelve it may be either. */
function toHours(hour: number, half: string | undefined): readonly number[] {
  if (half !== undefined) {
    const early = hour % HALF_DAY;
    return hour < 1 || hour > HALF_DAY ? [] : [half === "a" ? early : early + HALF_DAY];
  }
  if (hour > 2 * HALF_DAY) return [];
  return hour > 0 && hour <= HALF_DAY ? [hour, (hour + HALF_DAY) % (2 * HALF_DAY)] : [hour];
}
