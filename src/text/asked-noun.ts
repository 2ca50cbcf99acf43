/** What a question in German, French or Spanish asks about, by its form: what is counted, priced or told of something, or of whom. */

const GERMAN = String.raw`(?<thing>\p{Lu}[\p{L}-]{2,})`;
const ROMANCE = String.raw`(?<thing>(?:[ld]['’])?\p{Ll}{3,})(?!\p{L})`;
const DER = "(?:der |die |das |den |dem |eine?n? )?";
const LE = "(?:les? |la |une? |sa |son |ses |leurs? )?";
const EL = "(?:el |la |los |las |una? |su |sus )?";

const FORMS = [
  String.raw`\bwie viele? ${GERMAN}`,
  String.raw`\b(?:wie \p{Ll}+|was|wie|wer|wo) (?:ist|sind|war|waren|kostet|kosten|lautet|heißt|dauert) ${DER}${GERMAN}`,
  String.raw`^\P{L}*(?:wie|was) .* für ${DER}${GERMAN}\s*\?`,
  String.raw`^\P{L}*(?:quel(?:le)?s?|qui|où) (?:est|sont|était|étaient) ${LE}${ROMANCE}`,
  String.raw`(?<!\p{L})combien (?:de |(?=d['’])|coûte(?:nt)? ${LE})${ROMANCE}`,
  String.raw`^\P{L}*(?:combien|quel(?:le)?s?) .* pour ${LE}${ROMANCE}\s*\?`,
  String.raw`^\P{L}*(?:cuál(?:es)?|quién(?:es)?|dónde) (?:es|son|era|fue|está|están) ${EL}${ROMANCE}`,
  String.raw`(?<!\p{L})cuánt[oa]s ${ROMANCE}`,
  String.raw`(?<!\p{L})cuánto cuestan? ${EL}${ROMANCE}`,
  String.raw`^\P{L}*(?:cuánto|cuál) .* para ${EL}${ROMANCE}\s*\?`,
].map((form) => new RegExp(form, "u"));

/** Told without being named, and what stands before a thing and is none. */
const UNNAMED =
  /^(?:name|zahl|anzahl|grund|ziel|zweck|unterschied|bedeutung|titel|ursache|ergebnis|aufgabe|rolle|folge|art|faktor|wort|beispiele?|teil|nom|nombre|raison|but|objectif|différence|cause|rôle|fonction|résultat|titre|type|terme|mots?|montant|total|facteur|exemples?|partie|unité|situé(?:e|s|es)?|sens|nature|conséquence|plus|premi(?:er|ère)s?|principa(?:l|les?|ux)|derni(?:er|ère)s?|meilleure?s?|autres?|número|razón|motivo|causa|objetivo|propósito|diferencia|papel|función|resultado|título|tipo|término|cantidad|importe|significado|factor|palabra|ejemplos?|parte|unidad|temps|fois|tiempo|veces|zeit|geld|male?|ubicad[oa]s?|situad[oa]s?|origen|consecuencia|efecto|principal|principales|primer[oa]?|últim[oa]|mayor|mejor|más|otr[oa]s?|grandes?|gran)$/iu;

/** Any of several, each of which has to be known to answer. */
export function listAskedNouns(question: string): readonly string[] {
  const asked = question.replace(/^\P{L}*\p{Lu}/u, (start) => start.toLowerCase());
  return FORMS.flatMap((form) => form.exec(asked)?.groups?.["thing"] ?? []).filter(
    (thing) => !UNNAMED.test(thing.replace(/^[ld]['’]/u, "")),
  );
}
