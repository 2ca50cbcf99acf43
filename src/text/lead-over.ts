/** What leads over to a statement and is no part of what it says: "In summary,", "According to the documents,". */

/** How an answer calls its sources, as a pattern. */
export const SOURCE_WORDS =
  "documents?|passages?|sources?|context|texts?|documentation|information|excerpts?|references?";
const SOURCES = String.raw`(?:(?:the|these|those|this|your|my)\s+)?(?:(?:provided|given|available|above|retrieved|supplied|cited)\s+)?(?:${SOURCE_WORDS})(?:\s+(?:provided|above))?`;
const SAYS = String.raw`(?:say|state|mention|explain|note|indicate|describe|show|tell\s+us)s?|specif(?:y|ies)`;
const PHRASES = [
  "yes|in\\s+(?:summary|short|brief|conclusion|addition|other\\s+words)|to\\s+(?:summari[sz]e|sum\\s+up|conclude)|overall|summary|additionally|furthermore|moreover|however|therefore|thus|finally|lastly|importantly|(?:please\\s+)?note\\s+that|it\\s+is\\s+(?:also\\s+)?(?:worth\\s+noting|important\\s+to\\s+note)\\s+that", // English
  String.raw`(?:according\s+to|based\s+on|as\s+(?:stated|described|mentioned|noted|explained|shown)\s+(?:in|by)|per)\s*(?:${SOURCES})?`,
  String.raw`${SOURCES}\s+(?:also\s+)?(?:${SAYS})\s+that`,
  "ja|zusammengefasst|zusammenfassend|kurz\\s+gesagt|insgesamt|außerdem|zudem|(?:laut|gemäß)\\s+(?:den|der|dem)\\s+(?:vorliegenden\\s+)?(?:dokumenten?|quellen?|unterlagen|textstellen?)", // German
  "oui|en\\s+(?:résumé|bref|conclusion)|de\\s+plus|cependant|(?:selon|d['’]après)\\s+(?:les|le)\\s+(?:documents?|sources?|textes?)(?:\\s+fournis)?", // French
  "sí|en\\s+(?:resumen|conclusión)|además|según\\s+(?:los|las|el)\\s+(?:documentos?|fuentes?|textos?)", // Spanish
].join("|");
/** Answers the question; what follows is told whole. `No. 5` is a name. */
const REPLY = String.raw`(?:yes|ja|oui|sí|no|nein|nee|non|não|нет)[\s*_]*(?:[,:;!]|\s[-–—](?=\s)|[–—])`;
const LEAD_OVER = new RegExp(
  String.raw`^[\s\p{P}]*(?:${REPLY}|(?:${PHRASES})(?:[\s*_]*[,:.!]|(?<=that)(?=\s)))[*_]*`,
  "iu",
);

/** Where the statement of a sentence begins; behind what leads over to it. */
export function skipLeadOver(sentence: string): number {
  return LEAD_OVER.exec(sentence)?.[0].length ?? 0;
}
