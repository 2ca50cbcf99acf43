/** What an answer must look like, whatever its words: an address with `@`, a colour, a number of things. */

interface Form {
  readonly asked: RegExp;
  readonly given: RegExp;
}

const FORMS: readonly Form[] = [
  {
    asked:
      /\be-?mail[- ]?(?:address|adresse)\b|\badresse (?:e-?mail|électronique)\b|correo electrónico/iu,
    given: /@/u,
  },
  {
    asked: /\b(?:tele)?phone number\b|\btelefonnummer\b|numéro de téléphone|número de teléfono/iu,
    given: /\d(?:[\s()/+.-]{0,2}\d){4,}|(?:phone|telefon|teléfono|téléphone)[^]*\d{3}/iu,
  },
  {
    asked: /\bwhat(?:['’]s| is) (?:the |its |their )?(?:\p{L}+ )?(?:website|web address|url)\b/iu,
    given:
      /https?:|www\.|[\p{L}\p{N}-]\.(?:com|org|net|io|eu|dev|app|edu|gov|\p{L}{2})(?![\p{L}\p{N}])/iu,
  },
  {
    asked:
      /\b(?:what|which) colou?rs?\b|\bwelche farben?\b|\bquelle couleur\b|\b(?:qué|de qué) color\b/iu,
    given:
      /colou?r|farb|couleur|\b(?:red|blue|green|yellow|black|white|gr[ae]y|brown|orange|purple|violet|pink|silver|gold(?:en)?|beige|turquoise|cyan|magenta|crimson|scarlet|navy|transparent|rote?[rsnm]?|blaue?[rsnm]?|grüne?[rsnm]?|gelbe?[rsnm]?|schwarze?[rsnm]?|weiße?[rsnm]?|graue?[rsnm]?|rouge|bleue?|verte?|jaune|noire?|blanche?|grise?|rojo|roja|azul|verde|amarill[oa]|negr[oa]|blanc[oa]|gris)\b/iu,
  },
  {
    asked: /\bhow many\b/iu,
    given:
      /\p{N}|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\p{L}+teen|\p{L}+ty|hundreds?|thousands?|millions?|billions?|dozens?|half|both|pair|couple|single|several|many|few|no|none|all|every|each|only)\b/iu,
  },
];

/** Is something asked for that has a form of its own, and nothing in the text has that? */
export function lacksForm(question: string, text: string): boolean {
  return FORMS.some(({ asked, given }) => asked.test(question) && !given.test(text));
}
