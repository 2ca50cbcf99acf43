/** The weekdays that a text speaks of, by name or as part of a span: `Monday to Friday` has five. */

/** From Monday on, each in English, German, French, Spanish, Italian and Dutch, whatever its ending. */
const DAYS = `mondays? montags? lundis? lunes luned[iì] maandag
tuesdays? dienstags? mardis? martes marted[iì] dinsdag
wednesdays? mittwochs? mercredis? mi[eé]rcoles mercoled[iì] woensdag
thursdays? donnerstags? jeudis? jueves gioved[iì] donderdag
fridays? freitags? vendredis? viernes venerd[iì] vrijdag
saturdays? samstags? sonnabends? samedis? s[aá]bados? sabato zaterdag
sundays? sonntags? dimanches? domingos? domenica zondag`
  .split("\n")
  .map((line) => line.replaceAll(" ", "|"));
/** Only in a span is `Mo` or `Sat` surely a day. */
const SHORT = ["Mon?", "Tue?|Di", "Wed?|Mi", "Thu?|Do", "Fri?", "Sat?|Sa", "Sun?|So"];
const ANY = DAYS.join("|");
const NAME = new RegExp(String.raw`(?<!\p{L})(?:${ANY})(?!\p{L})`, "giu");
const SPAN = new RegExp(
  String.raw`(?<!\p{L})(${ANY})\s*(?:to|through|until|till|bis|au|al?|à|tot|[-–—])\s*(${ANY})(?!\p{L})`,
  "giu",
);
const SHORTS = SHORT.join("|");
const SHORT_SPAN = new RegExp(
  String.raw`(?<!\p{L})(${SHORTS})\.?\s*[-–—]\s*(${SHORTS})(?!\p{L})`,
  "gu",
);
const SPAN_OF_ANY = new RegExp(`${SPAN.source}|${SHORT_SPAN.source}`, "iu");
/** Without what their endings may be. */
const DAY_NAMES = DAYS.map((names) =>
  names.split("|").map((name) => name.replace(/s\?$/u, "").replaceAll(/\[(.).\]/gu, "$1")),
);
const EVERY =
  /(?<!\p{L})(?:daily|every day|täglich|jeden tag|tous les jours|todos los días)(?!\p{L})/iu;
const WEEK = 7;
const toWhole = (day: string): RegExp => new RegExp(`^(?:${day})$`, "iu");
const WHOLE = DAYS.map(toWhole);
const WHOLE_ANY = toWhole(ANY);
const WHOLE_SHORT = SHORT.map(toWhole);

/** Their numbers, Monday 0. */
export function findWeekdays(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  if (EVERY.test(text)) addSpan(found, 0, WEEK - 1);
  for (const [name] of text.matchAll(NAME)) found.add(toNumber(name, WHOLE));
  for (const [, first = "", last = ""] of text.matchAll(SPAN)) {
    addSpan(found, toNumber(first, WHOLE), toNumber(last, WHOLE));
  }
  for (const [, first = "", last = ""] of text.matchAll(SHORT_SPAN)) {
    addSpan(found, toNumber(first, WHOLE_SHORT), toNumber(last, WHOLE_SHORT));
  }
  return found;
}

/** Is the word the name of a weekday? */
export function isWeekday(word: string): boolean {
  return WHOLE_ANY.test(word);
}

/** The names of the days that spans name none of: `Tuesday` of `Monday to Friday`, in every language. */
export function listSpannedDays(text: string): readonly string[] {
  const days = EVERY.test(text) || SPAN_OF_ANY.test(text) ? findWeekdays(text) : new Set<number>();
  return [...days].flatMap((day) => DAY_NAMES[day] ?? []);
}

function toNumber(name: string, days: readonly RegExp[]): number {
  return days.findIndex((day) => day.test(name));
}

/** A span may go on over the end of the week. */
function addSpan(found: Set<number>, first: number, last: number): void {
  for (let day = first; ; day = (day + 1) % WEEK) {
    found.add(day);
    if (day === last) return;
  }
}
