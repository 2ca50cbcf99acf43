/** Does a sentence deny something? Words of many languages; what a language shares with another as a harmless word is left out. */

const WORDS = [
  "(?:not|no)(?!\\s+(?:more|less|fewer|later|earlier|longer|shorter|higher|lower)\\s+than)|never|none|neither|nor|nobody|nothing|without|cannot|unable", // English
  "(?:fail(?:s|ed)?|decline[sd]?)\\s+to|refuse[sd]?|except|unless|excluding|apart\\s+from|(?:rather|other)\\s+than|instead\\s+of|all\\s+(?:\\p{L}+\\s+)?but(?=\\s+(?:the|one|for)\\s)|all\\s+(?!(?:\\p{L}+ed|day|night|week|month|year|season)\\s)(?:\\p{L}+\\s+)?but(?!\\s+(?:some|few|many|most|not|no|none|never|only|also|is|are|was|were|it|they|we|he|she|that|this)\\s)|lacks|lacked|lacking|hardly\\s+any(?:one|body|thing)?",
  "es\\s+sei\\s+denn|außer|ausgenommen|anstatt|nicht|kein\\p{L}*|nie|niemals|niemand|nichts|ohne|weder|keinesfalls|keineswegs", // German
  "ne|pas|jamais|aucune?|sans|rien|nulle", // French
  "sin|nunca|jamás|ningun[oa]s?|ningún|tampoco|nadie|nada", // Spanish
  "non(?!-)|senza|nessun\\p{L}*|neppure|neanche|niente", // Italian
  "não|sem|nem|nenhum\\p{L}*|jamais", // Portuguese
  "niet|geen|nooit|niemand|zonder", // Dutch
  "inte|ikke|ingen|aldrig|aldri|utan|uden|uten", // Swedish, Danish, Norwegian
  "nie|bez|nigdy|żaden|żadn\\p{L}*|není|nelze", // Polish, Czech
  "не|нет|нельзя|никогда|никто|ничего|без|ни|запрещен\\p{L}*", // Russian
  "değil|yok|hiçbir|asla", // Turkish
  "لا|لن|لم|ليس|ليست|بدون|غير|دون", // Arabic
  "안|못", // Korean, by itself
].join("|");

/** Within words of languages that put none of their blanks around it. */
const PARTS =
  "n['’]t(?!\\p{L})|(?<![\\p{L}\\p{M}])n['’](?=\\p{L}{2})|[不没沒未无無非勿禁]|ません|ない|なかった|なく|ずに|없|않|못하|아니|금지";

const NEGATION = new RegExp(`(?<![\\p{L}\\p{M}])(?:${WORDS})(?![\\p{L}\\p{M}])|${PARTS}`, "iu");

const BY_ITSELF = new RegExp(
  `(?<![\\p{L}\\p{M}])(?:${WORDS.replace("|ne|", "|")})(?![\\p{L}\\p{M}])|n['’]t(?!\\p{L})`,
  "giu",
);

/** Ends of the words that deny, for telling what each of them denies. What stands within other words has none. */
export function findNegations(text: string): readonly number[] {
  return Array.from(
    withoutReply(text).matchAll(BY_ITSELF),
    ({ index, 0: word }) => index + word.length,
  );
}

/** Rather too few than too many: a question, or a word that denies in itself ("forbidden"), is none. */
export function isNegated(text: string): boolean {
  return NEGATION.test(withoutReply(text).normalize("NFC"));
}

/** In front of a statement it answers the question, and denies nothing of what follows. */
const REPLY = /^[^\p{L}]*(?:no|nein|nee|non|nej|não|нет|لا)(?=\s*[,.;:،–—])/iu;

/** Offsets stay. */
function withoutReply(text: string): string {
  return text.replace(REPLY, (reply) => " ".repeat(reply.length));
}
