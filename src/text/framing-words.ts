/** Words of an answer about itself and its sources, which say nothing of what it is asked: "in summary", "the main points". */
import { toWords, type Word } from "./words.ts";

const WORDS = [
  "summary summarise summarize overview conclusion conclude answer question point takeaway detail detailed information", // English
  "info note source reference citation document documentation passage text context excerpt step following follow list",
  "result section explanation explain introduction example key main important relevant notable additional further other",
  "short brief briefly quick quickly provided provide given available way thing fact advantage disadvantage benefit",
  "drawback feature difference similarity reason option instruction background tip pro con aspect topic type kind category",
  "say state mention describe find found include show look see know let help hope need want like ask glad happy assist",
  "clarify sure certainly absolutely course great good thank thanks please hesitate reach specific anything something",
  "else here there based according overall clear clarification helpful",
  "zusammenfassung zusammengefasst überblick fazit antwort frage fragen punkt punkte information informationen quelle", // German
  "quellen dokument dokumente dokumenten schritt schritte folgend folgende folgenden folgendes wichtig wichtigste",
  "wichtigsten hinweis beispiel beispiele vorteil vorteile nachteil nachteile unterschied unterschiede grund gründe kurz",
  "laut gemäß hier gibt mehr wissen helfen hilft hoffe gern gerne weitere weiteren",
  "die der das den dem des ein eine einen und im zu sie ihnen du dir mich mir wenn falls wie bei haben hast habe",
  "résumé aperçu conclusion réponse point points détail détails étape étapes suivant suivante suivants suivantes", // French
  "principal principale principaux principales avantage avantages inconvénient inconvénients différence différences raison",
  "raisons voici selon plus aider aide autre autres les des une en sur vous cela si avez avoir d'autres",
  "resumen conclusión respuesta pregunta preguntas punto puntos detalle detalles fuente fuentes documentos paso pasos", // Spanish
  "siguiente siguientes principales ventaja ventajas desventaja desventajas diferencia diferencias razón razones aquí según",
  "ayudar ayude otra otras el los las del alguna algún más si tiene tienes",
].join(" ");

const STEMS: ReadonlySet<string> = new Set(toWords(WORDS).map(({ stem }) => stem));

/** Does the word say nothing by itself of what an answer is about? */
export function isFramingWord({ stem }: Pick<Word, "stem">): boolean {
  return STEMS.has(stem);
}

const LEADS = [
  "(?:(?:and|so)\\s+)?here(?:['’]s|\\s+(?:is|are))|below\\s+(?:is|are)|the\\s+following\\s+(?:is|are)|(?:these|those|this)\\s+(?:is|are)",
  "hier\\s+(?:ist|sind)",
  "voici",
  "aquí\\s+(?:está|están|tiene)",
];
const COUNTS = ["there\\s+(?:is|are)", "es\\s+gibt", "il\\s+y\\s+a", "hay"];
const OFFERS = [
  "(?:please\\s+)?let\\s+me\\s+know|(?:please\\s+)?(?:feel\\s+free|don['’]t\\s+hesitate)\\s+to\\s+(?:ask|reach\\s+out)",
  "(?:i\\s+)?hope\\s+(?:this|that|it)\\s+(?:helps?|answers|clarifies)|(?:i['’]?(?:m|d\\s+be|\\s+am|\\s+would\\s+be)\\s+)?(?:happy|glad)\\s+to\\s+(?:help|assist|explain|clarify)",
  "if\\s+you(?:['’]d\\s+like|\\s+(?:would\\s+like|need|have|want))|would\\s+you\\s+like|do\\s+you\\s+(?:want|need|have)|shall\\s+i|is\\s+there\\s+anything|can\\s+i\\s+help",
  "sure|certainly|absolutely|of\\s+course|(?:great|good)\\s+question|thanks|thank\\s+you|you['’]re\\s+welcome",
  "lass(?:en\\s+sie)?\\s+(?:es\\s+)?mich\\s+wissen|ich\\s+hoffe|gerne?|natürlich|melden\\s+sie\\s+sich|möchten\\s+sie|möchtest\\s+du|(?:wenn|falls)\\s+(?:sie|du)|bei\\s+(?:weiteren\\s+)?fragen",
  "n['’]hésitez\\s+pas|j['’]espère|faites-moi\\s+savoir|dites-moi|voulez-vous|souhaitez-vous|bien\\s+sûr",
  "espero|no\\s+dudes?|av[ií]s[ae]me|hágame\\s+saber|déjame\\s+saber|por\\s+supuesto|(?:si\\s+)?tienes?|quieres|desea",
];

function toOpening(phrases: readonly string[]): RegExp {
  return new RegExp(String.raw`^[\s\p{P}]*(?:${phrases.join("|")})(?!\p{L})`, "iu");
}

/** What opens a lead-in: `Here are`; a lead-in that counts: `There are`; and an offer, a greeting or a good wish. */
export const OPENINGS = {
  lead: toOpening(LEADS),
  count: toOpening(COUNTS),
  offer: toOpening(OFFERS),
} as const;
