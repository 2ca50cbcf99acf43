import { describe, expect, test } from "vitest";
import { detectLanguage } from "../../../ingest/collection/detect-language.ts";

const CASES: readonly (readonly [text: string, language: string, tokenizer: string])[] = [
  [
    "The service answers from the documents that were given to it, and it cites them.",
    "english",
    "words",
  ],
  [
    "Der Dienst antwortet aus den Dokumenten, die ihm gegeben wurden, und er nennt sie auch.",
    "german",
    "words",
  ],
  [
    "Le service répond avec les documents qui lui ont été donnés, et il les cite dans la réponse.",
    "french",
    "words",
  ],
  [
    "El servicio responde con los documentos que se le han dado y los cita en la respuesta.",
    "spanish",
    "words",
  ],
  [
    "O serviço responde com os documentos que não foram apagados e cita as fontes na resposta.",
    "portuguese",
    "words",
  ],
  [
    "Il servizio risponde con i documenti che gli sono stati dati e li cita nella risposta, non di più.",
    "italian",
    "words",
  ],
  [
    "De dienst antwoordt met de documenten die aan hem zijn gegeven en noemt ze ook in het antwoord.",
    "dutch",
    "words",
  ],
  [
    "Tjänsten svarar med de dokument som den har fått och den visar dem också för att det är bra.",
    "swedish",
    "words",
  ],
  [
    "Tjenesten svarer med de dokumenter som den har fått, og jeg vil at vi skal se hva de er etter dette.",
    "norwegian",
    "words",
  ],
  [
    "Служба отвечает по документам, которые ей дали, и она их называет, но не все это знают.",
    "russian",
    "words",
  ],
  ["Η υπηρεσία απαντά με τα έγγραφα που της δόθηκαν και τα αναφέρει.", "greek", "words"],
  ["服务根据给定的文件回答问题，并且引用它们。", "none", "icu"],
  ["サービスは与えられた文書から答え、それらを引用します。", "none", "icu"],
  ["บริการตอบจากเอกสารที่ได้รับ", "none", "icu"],
  ["सेवा दिए गए दस्तावेज़ों से उत्तर देती है और उन्हें उद्धृत करती है।", "none", "icu"],
  ["تجيب الخدمة من المستندات التي أعطيت لها وتستشهد بها", "arabic", "icu"],
  ["const a = 1; function b() { return a + 1; } export { b };", "none", "words"],
  ["foo bar baz", "none", "words"],
  ["12345 67890 !!!", "none", "words"],
  ["", "none", "words"],
];

describe("detectLanguage", () => {
  test.each(CASES)("%s", (text, language, tokenizer) => {
    expect(detectLanguage([text])).toEqual({ language, tokenizer });
  });

  test("a mix of languages has none, one foreign text among many does not count", () => {
    const [english = "", german = ""] = CASES.map(([text]) => text);
    expect(detectLanguage([english, german]).language).toBe("none");
    expect(detectLanguage([...Array.from({ length: 9 }, () => english), german]).language).toBe(
      "english",
    );
  });

  test("a share of Chinese in English text takes the tokenizer for both", () => {
    const [english = ""] = CASES.map(([text]) => text);
    const mixed = detectLanguage([
      english,
      english,
      "服务根据给定的文件回答问题，并且引用它们。",
      english,
    ]);
    expect(mixed).toEqual({ language: "english", tokenizer: "icu" });
  });
});
