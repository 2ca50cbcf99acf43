/** The dates of a text as year, month and day, however they are written. */

export interface DateSpan {
  readonly start: number;
  readonly end: number;
  /** `2023-04-01`; more than one where day and month, or the century, cannot be told apart. */
  readonly readings: readonly string[];
}

/** Each line is one month. */
const MONTHS = `january jan januar jänner janvier enero gennaio janeiro января
february feb februar février febrero febbraio fevereiro февраля
march mar märz mars marzo março марта
april apr avril abril aprile апреля
may mai mayo maggio maio мая
june jun juni juin junio giugno junho июня
july jul juli juillet julio luglio julho июля
august aug août agosto августа
september sep sept septembre septiembre settembre setembro сентября
october oct oktober okt octobre octubre ottobre outubro октября
november nov novembre noviembre novembro ноября
december dec dezember dez décembre diciembre dicembre dezembro декабря`
  .split("\n")
  .map((line) => line.split(" "));
const NUMBERS: ReadonlyMap<string, number> = new Map(
  MONTHS.flatMap((names, index) => names.map((name) => [name, index + 1] as const)),
);

const NUMERIC = [
  String.raw`(?<y>\d{4})(?<a>[-./])(?<m>\d{1,2})\k<a>(?<d>\d{1,2})`,
  String.raw`(?<y>\d{4})\s?[年년]\s?(?<m>\d{1,2})\s?[月월]\s?(?<d>\d{1,2})\s?[日号號일]`,
  String.raw`(?<d>\d{1,2})\.[ \u00a0]?(?<m>\d{1,2})\.[ \u00a0]?(?<y>\d{4})`,
  String.raw`(?<d>\d{1,2})\.(?<m>\d{1,2})\.(?<y>\d{2})`,
  String.raw`(?<p>\d{1,2})(?<b>[-/])(?<q>\d{1,2})\k<b>(?<y>\d{4})`,
].join("|");
const DIGITS = new RegExp(
  String.raw`(?<![\p{Lu}\p{Ll}\p{N}]|\p{N}[-./,])(?:${NUMERIC})(?!\p{N}|[-./]\p{N})`,
  "gu",
);
const NAMES = [...NUMBERS.keys()].toSorted((a, b) => b.length - a.length).join("|");
const NAMED = new RegExp(
  [
    String.raw`(?<![\p{L}\p{N}])(?<d>\d{1,2})(?:st|nd|rd|th|er|[.º])?\s+(?:of\s+|de\s+)?(?<m>${NAMES})\.?,?\s+(?:del?\s+)?(?<y>\d{4})(?!\d)`,
    String.raw`(?<![\p{L}\p{N}])(?<m>${NAMES})\.?\s+(?<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?<y>\d{4})(?!\d)`,
  ].join("|"),
  "giu",
);

/** Dates in digits: `2023-04-01`, `01.04.2023`, `4/1/2023`, `2023年4月1日`. */
export function findDates(text: string): readonly DateSpan[] {
  return [...text.matchAll(DIGITS)].flatMap((match) => {
    const { y = "", m, d, p, q } = match.groups ?? {};
    const orders = m === undefined ? [`${p} ${q}`, `${q} ${p}`] : [`${m} ${d}`];
    const years = y.length === 2 ? [`20${y}`, `19${y}`] : [y];
    const readings = orders.flatMap((order) => {
      const [month = 0, day = 0] = order.split(" ").map(Number);
      return years.flatMap((year) => toReading(year, month, day));
    });
    if (readings.length === 0) return [];
    return [{ start: match.index, end: match.index + match[0].length, readings }];
  });
}

/** Dates with the name of a month, in the languages of the table, as `2023-04-01`. */
export function findNamedDates(text: string): readonly string[] {
  return [...text.matchAll(NAMED)].flatMap(({ groups: { y = "", m = "", d = "" } = {} }) =>
    toReading(y, NUMBERS.get(m.toLowerCase()) ?? 0, Number(d)),
  );
}

/** The names that the month of a date has. */
export function toMonthNames(reading: string): readonly string[] {
  return MONTHS[Number(reading.slice(5, 7)) - 1] ?? [];
}

const MONTH_FIRST = new RegExp(String.raw`^(?:${NAMES})(?!\p{L})`, "iu");

/** In small letters, as most languages write months; what English has as another word is none. */
export function isSmallMonth(word: string): boolean {
  return /^\p{Ll}{4,}$/u.test(word) && word !== "march" && word !== "mars" && NUMBERS.has(word);
}

/** Is its first word the name of a month? */
export function beginsWithMonth(text: string): boolean {
  return MONTH_FIRST.test(text);
}

function toReading(year: string, month: number, day: number): readonly string[] {
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  const two = (part: number): string => String(part).padStart(2, "0");
  return isDate ? [`${year}-${two(month)}-${two(day)}`] : [];
}
