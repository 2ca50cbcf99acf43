/** Which way a number bounds: `above 5` and `at least 5` are one side of it, `under 5` and `within 5 days` the other. */

export type Side = "from" | "to";

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

/** The side of the number at this place that is spoken of; undefined where none is. "No more than" is the other side. */
export function readSide(text: string, start: number): Side | undefined {
  const found = BEFORE.exec(text.slice(Math.max(0, start - CHARS_MAX), start));
  if (found === null) return undefined;
  const [, denied, from] = found;
  return (from !== undefined) === (denied === undefined) ? "from" : "to";
}
