/** "The documents do not mention a phone number": said of the passages, and no passage can bear it out. */
import { SOURCE_WORDS } from "../../text/lead-over.ts";
import { toContentStems } from "../../text/words.ts";
import type { Evidence } from "./evidence.ts";

const SOURCES = String.raw`(?:${SOURCE_WORDS}|material)`;
const PATTERNS = [
  String.raw`^\W*(?:(?:unfortunately|however|but),?\s+)?(?:(?:the|these|this|your|none\s+of\s+the)\s+)?(?:\w+\s+){0,2}${SOURCES}(?:\s+(?:provided|above|available))?\s+(?:(?:do|does|did)\s+not|don['’]t|doesn['’]t|didn['’]t)\s+(?:\w+ly\s+)?(?:mention|say|state|contain|specify|provide|include|cover|describe|list|give|explain|address|indicate|discuss|define|tell)`,
  String.raw`(?:is|are|was|were)\s+not\s+(?:\w+ly\s+)?(?:mentioned|stated|specified|covered|described|included|given|explained|provided|discussed|listed|found)\s+in\s+(?:the|these|this|your|any\s+of\s+the)\s+(?:\w+\s+){0,2}${SOURCES}`,
  String.raw`^\W*(?:(?:unfortunately|however|but),?\s+)?(?:there\s+is\s+no\s+(?:mention|information|detail|indication)|(?:i|we)\s+(?:could\s*not|couldn['’]t|cannot|can['’]t|did\s+not|didn['’]t)\s+find|no\s+information\s+(?:is|was)\s+(?:given|provided|available))`,
  String.raw`^\W*(?:leider\s+)?(?:die|den|in\s+den)\s+(?:\p{L}+\s+)?(?:dokumente|dokumenten|quellen|unterlagen|textstellen)\s+(?:enthalten|nennen|erwähnen|sagen|geben|steht|wird|werden|findet|finden)(?:\s+\p{L}+){0,12}?\s+(?:keine?n?|nicht|nichts)`,
  String.raw`^\W*(?:malheureusement,?\s+)?(?:les|le)\s+(?:documents?|sources?|textes?|passages?)(?:\s+fournis)?\s+(?:ne|n['’])\s*(?:\p{L}+)\s+(?:pas|rien|aucune?)`,
  String.raw`^\W*(?:lamentablemente,?\s+)?(?:los|las)\s+(?:documentos|fuentes|textos)(?:\s+proporcionados)?\s+no\s+(?:mencionan|dicen|especifican|contienen|indican|incluyen)`,
];
const SILENCE = new RegExp(PATTERNS.map((one) => `(?:${one})`).join("|"), "iu");
/** What goes on with more says more. */
const BREAK =
  /[;,:]\s|(?<!\p{L})(?:but|although|though|because|since|aber|sondern|mais|pero|sino)(?!\p{L})/iu;
const LEAD = /^\W*(?:unfortunately|however|but|leider|malheureusement|lamentablemente),?\s+/iu;

/** Does a sentence say no more than that the passages are silent about something of which none of their sentences speaks? */
export function isSilence(sentence: string, evidence: readonly Evidence[]): boolean {
  const told = sentence.replace(LEAD, "");
  const match = SILENCE.exec(told);
  if (match === null || BREAK.test(told)) return false;
  const about = toContentStems(told.replace(match[0], " "));
  return !evidence.some(({ sentences }) =>
    sentences.some(({ stems, heading }) =>
      [...about].every((stem) => stems.has(stem) || heading.stems.has(stem)),
    ),
  );
}
