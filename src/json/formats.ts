/**
 * The formats of texts that are checked; every other is a note, as draft 2020-12 has it: generators write
 * dozens of their own, such as `int64` and `password`, and put a pattern beside what is a condition. Each
 * test takes time in proportion to the text.
 */

const EMAIL = /^[^\s@"<>()[\]\\,;:]{1,64}@[a-z\d](?:[a-z\d-]{0,62})(?:\.[a-z\d][a-z\d-]{0,62})+$/iu;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/iu;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/u;
const TIME =
  /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(?:\.\d{1,9})?(?:z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/iu;
const DURATION =
  /^P(?=.)(?:\d{1,9}W|(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}S)?)?)$/u;
const URI = /^[a-z][a-z\d+.-]{0,30}:[^\s<>"{}|\\^`]{1,4000}$/iu;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/u;

const GROUPS = /^[\da-f]{1,4}(?::[\da-f]{1,4})*$/iu;
const HOST_LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/iu;

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
  ["ipv6", isIpv6],
  ["hostname", isHostname],
]);

function isDate(text: string): boolean {
  const [, year = "", month = "", day = ""] = DATE.exec(text) ?? [];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`);
}

function isDateTime(text: string): boolean {
  return /^[t ]$/iu.test(text[10] ?? "") && isDate(text.slice(0, 10)) && TIME.test(text.slice(11));
}

/** Eight groups, of which `::` once stands for one or more; the last two may be written as IPv4. */
function isIpv6(text: string): boolean {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const isMixed = tail.includes(".");
  if (isMixed && !IPV4.test(tail)) return false;
  const sides = (isMixed ? `${text.slice(0, -tail.length)}0:0` : text).split("::");
  if (sides.length > 2 || !sides.every((side) => side === "" || GROUPS.test(side))) return false;
  const groups = sides.flatMap((side) => (side === "" ? [] : side.split(":"))).length;
  return sides.length === 2 ? groups < 8 : groups === 8;
}

function isHostname(text: string): boolean {
  return text.length <= 253 && text.split(".").every((label) => HOST_LABEL.test(label));
}
