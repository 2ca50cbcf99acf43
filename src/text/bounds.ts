/** Which way a number bounds: `above 5` and `at least 5` are one side of it, `under 5` and `within 5 days` the other. */

export type Side = "from" | "to" | "at";

const FROM = [
  "above|over|exceed(?:s|ing)?|at least|minimum(?: of)?|from|after|since|beyond",
  "(?:more|greater|later|longer|higher|larger|older) than",
  "über|mehr als|länger als|später als|mindestens|ab|nach|seit",
  "plus de|au moins|après|depuis|dès|à partir (?:de|du)",
  "más de|al menos|por lo menos|después de(?:l)?|desde|a partir de(?:l)?",
  "più di|oltre|almeno|dopo|mais de|pelo menos|depois de",
  "более|больше|не менее|после|свыше",
].join("|");
const TO = [
  "below|under|at most|maximum(?: of)?|up to|until|before|within",
  "(?:less|fewer|earlier|sooner|shorter|lower|smaller|younger) than",
  "unter|weniger als|kürzer als|früher als|höchstens|maximal|bis(?: zu[mr]?)?|vor|innerhalb(?: von)?|binnen",
  "moins de|au plus|jusqu['’](?:à|au)|avant|dans les",
  "menos de|como máximo|hasta|antes de(?:l)?|dentro de",
  "meno di|al massimo|fino a|entro|prima (?:di|del)|no máximo|até",
  "менее|меньше|не более|до",
].join("|");

/** Behind the words: articles and the like, and a sign of money. */
const LINK = "(?:\\s+(?:the|an?|of|to|dem|den|der|von|la|le|les|el|los|de))*\\s*[€$£¥]?\\s*$";
const BEFORE = new RegExp(
  `(?<![\\p{L}])(?:(no|not|nicht|kein\\p{L}*|pas|non)\\s+)?(?:(${FROM})|(${TO}))${LINK}`,
  "iu",
);
/** How far before the number its words can begin. */
const CHARS_MAX = 40;

const EXACTLY = /(?<!\p{L})(?:exactly|precisely|genau|exactement|exactamente)\s*$/iu;
/** Behind the number and its unit: `18 or over`, `five days at most`. */
const BEHIND =
  /^(?:\s*[%€$£°]\w?|[\s-]+\p{L}+){0,2}?\s+(?:(?<from>(?:or|and|oder|und|ou|et|o|y)\s+(?:more|over|above|older|later|newer|higher|up|longer|mehr|älter|länger|plus|más)|at least|como mínimo|au minimum|au moins)|(?<to>(?:or|and|oder|und|ou|et|o|y)\s+(?:less|fewer|under|below|younger|earlier|lower|shorter|weniger|jünger|kürzer|moins|menos)|at most|como máximo|au maximum|au plus))(?!\p{L})/iu;

/** The side of the number at this place that is spoken of; undefined where none is. "No more than" is the other side. */
export function readSide(text: string, start: number, end: number): Side | undefined {
  const before = text.slice(Math.max(0, start - CHARS_MAX), start);
  const found = BEFORE.exec(before);
  if (found === null)
    return EXACTLY.test(before) ? "at" : readBehind(text.slice(end, end + CHARS_MAX));
  const [, denied, from] = found;
  return (from !== undefined) === (denied === undefined) ? "from" : "to";
}

function readBehind(behind: string): Side | undefined {
  const { from, to } = BEHIND.exec(behind)?.groups ?? {};
  if (from !== undefined) return "from";
  return to === undefined ? undefined : "to";
}
