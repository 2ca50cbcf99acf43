/** The formats of texts that are checked. Each test takes time in proportion to the text. */

const EMAIL = /^[^\s@"<>()[\]\\,;:]{1,64}@[a-z\d](?:[a-z\d-]{0,62})(?:\.[a-z\d][a-z\d-]{0,62})+$/iu;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/iu;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/u;
const TIME =
  /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(?:\.\d{1,9})?(?:z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/iu;
const DURATION =
  /^P(?=.)(?:\d{1,9}W|(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}S)?)?)$/u;
const URI = /^[a-z][a-z\d+.-]{0,30}:[^\s<>"{}|\\^`]{1,4000}$/iu;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/u;

/** By name. */
export const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["date", isDate],
  ["time", (text: string) => TIME.test(text)],
  ["date-time", isDateTime],
  ["duration", (text: string) => DURATION.test(text)],
  ["email", (text: string) => EMAIL.test(text)],
  ["uuid", (text: string) => UUID.test(text)],
  ["uri", (text: string) => URI.test(text)],
  ["ipv4", (text: string) => IPV4.test(text)],
]);

function isDate(text: string): boolean {
  const [, year = "", month = "", day = ""] = DATE.exec(text) ?? [];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`);
}

function isDateTime(text: string): boolean {
  return /^[t ]$/iu.test(text[10] ?? "") && isDate(text.slice(0, 10)) && TIME.test(text.slice(11));
}
