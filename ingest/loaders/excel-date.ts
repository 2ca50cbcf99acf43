/** Dates and times of Excel: a number of days, and a format that says how it is shown. */

/** What of a date and time a format shows. */
export interface DateFormat {
  readonly hasDate: boolean;
  readonly hasTime: boolean;
  /** The time is one that was measured, and may have more than 24 hours: `[h]:mm`, `[mm]:ss`. */
  readonly isElapsed?: boolean;
}

const DATE: DateFormat = { hasDate: true, hasTime: false };
const TIME: DateFormat = { hasDate: false, hasTime: true };
const ELAPSED: DateFormat = { hasDate: false, hasTime: true, isElapsed: true };
/** Ids of the built-in formats for dates and times (ECMA-376, part 1, 18.8.30): first, last, meaning. */
const BUILT_IN: readonly (readonly [number, number, DateFormat])[] = [
  [14, 17, DATE],
  [18, 21, TIME],
  [22, 22, { hasDate: true, hasTime: true }],
  [27, 31, DATE],
  [32, 35, TIME],
  [36, 36, DATE],
  [45, 45, TIME],
  [46, 46, ELAPSED],
  [47, 47, TIME],
  [50, 54, DATE],
  [55, 56, TIME],
  [57, 58, DATE],
];
/** What a format shows as it is: quoted words, escaped characters, padding, colours and languages. */
const LITERAL = /"[^"]*"|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]/gi;

/** Meaning of a built-in format; undefined: its numbers are numbers. */
export function findBuiltInFormat(id: number): DateFormat | undefined {
  return BUILT_IN.find(([first, last]) => id >= first && id <= last)?.[2];
}

/** Meaning of a format's code, read from its first section, that of positive numbers. */
export function parseDateFormat(code: string): DateFormat | undefined {
  const [shown = ""] = code.replace(LITERAL, " ").split(";");
  const isNumber = /general|standard|[#0?]/i.test(shown.replace(/s\.0+/gi, "s"));
  if (isNumber) return undefined;
  if (/\[[hms]+\]/i.test(shown)) return ELAPSED;
  const hasTime = /[hs]/i.test(shown);
  const hasDate = /[yd]/i.test(shown) || (/m/i.test(shown) && !hasTime);
  return hasDate || hasTime ? { hasDate, hasTime } : undefined;
}

const DAY_SECONDS = 86_400;
/** The last day that Excel knows, 9999-12-31. */
const DAYS_MAX = 2_958_465;
/** Excel counts a 29 February 1900, which never was. */
const FALSE_DAY = 60;
const EPOCH_1904_DAYS = 1462;

/**
 * The number as `2025-03-04`, `2025-03-04 15:30`, `15:30` or `36:00`, with seconds where it has some.
 * Undefined: there is no such day.
 */
export function toIso(value: number, format: DateFormat, is1904: boolean): string | undefined {
  if (!Number.isFinite(value) || value < 0 || value > DAYS_MAX) return undefined;
  const seconds = Math.round(value * DAY_SECONDS);
  if (format.isElapsed === true) return toClock(seconds);
  const time = toClock(seconds % DAY_SECONDS);
  if (!format.hasDate) return time;
  const days = Math.floor(seconds / DAY_SECONDS) + (is1904 ? EPOCH_1904_DAYS : 0);
  if (days === FALSE_DAY || days < 1) return undefined;
  const date = new Date(Date.UTC(1899, 11, days > FALSE_DAY ? 30 : 31) + days * DAY_SECONDS * 1000);
  const day = date.toISOString().slice(0, 10);
  return format.hasTime ? `${day} ${time}` : day;
}

function toClock(seconds: number): string {
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const clock = `${toTwo(hours)}:${toTwo(minutes)}`;
  return rest === 0 ? clock : `${clock}:${toTwo(rest)}`;
}

function toTwo(number: number): string {
  return String(number).padStart(2, "0");
}
