import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitSentences } from "../../src/text/sentences.ts";

/** `|` marks where sentences end; blanks around it are part of the text. */
const CASES: readonly (readonly [name: string, marked: string])[] = [
  ["nothing", ""],
  ["one without an end", "no full stop"],
  ["two", "It stops.| Then it starts."],
  ["questions and exclamations", "Is it?| Yes!| Good."],
  ["titles", "Dr. Smith met Mrs. Jones.| They talked."],
  ["latin abbreviations", "Use a queue, e.g. Kafka, i.e. a log.| Or not."],
  ["figures", "See Fig. 3 and Eq. 4.| They differ."],
  ["initials", "J. R. Smith wrote it.| A. B. did not."],
  ["a sentence that ends with I", "So do I.| We agree."],
  ["dotted names", "The U.S. Army is large.| Yes."],
  ["the afternoon", "It opens at 5 p.m.| Bring money."],
  ["numbers", "Pi is 3.14159 or so.| Version 2.0.1 is out."],
  ["a year at the end", "It began in 2019.| The rest is known."],
  ["URLs", "See https://example.org/a.b?c=d.e! for it.| Done."],
  ["file names", "Edit config.ts and main.ts.| Restart."],
  ["No. before a number only", "See No. 5 there.| No.| That is wrong."],
  ["quotes", 'He said "stop."| Then he left.'],
  ["a quote that goes on", '"Stop!" he said.| She did.'],
  ["brackets", "It ends (at last.)| Then more."],
  ["an ellipsis that goes on", "Wait... what is it?| Well…| Nothing."],
  ["Chinese", "今天天气很好。|我们去公园吧！|好吗?|好的。"],
  ["Japanese with quotes", "彼は「はい。」|と言った。|終わり。"],
  ["Hindi", "यह एक वाक्य है।| यह दूसरा है।"],
  ["Arabic", "ما هذا؟| هذا كتاب."],
  ["Spanish", "El Sr. Ruiz vino.| ¿Quién?| Nadie."],
  ["German", "Das ist z.B. Wasser.| Nr. 4 fehlt."],
  ["German dates", "Die Feier findet am 24. Dezember statt.| Sie endet am 1. Mai 2023."],
  ["a month alone", "Fällig: 1. April.| Danach kostet es."],
  ["German storeys", "Vermietet wird die Wohnung im 2. Obergeschoss.| Sie ist leer."],
  ["German numbers in order", "Es gilt ab dem 3. Werktag.| Das ist die 5. Auflage."],
  ["a German number at the end", "Sie stieg von 3 bis 5.| Danach fiel sie."],
  ["an English year", "It began in 2023.| The next came later."],
  ["an English number at the end", "It went from 3 to 5.| The rest is known."],
  ["an English number before a month", "It fell to 5.| April was warm."],
  ["a number before a noun", "I am 5.| The cat is 3.| Cats sleep."],
  ["degrees", "It works from -20 °C to 40 °C.| The AquaFlow 100 must not freeze."],
  ["units", "It takes 12 V.| Use 100 W.| Switch on."],
  ["a type", "Take buffer type A.| Shake the bottle.| Take vitamin C.| The rest is food."],
  ["a letter before a usual opening", "Ask Mr. T.| He knows.| We met J.| Then it rained."],
  [
    "a label with a capital",
    "Choose Plan B.| Prices are low there.| See Anhang A.| Dort steht es.",
  ],
  ["initials behind small words", "It is by J. Smith and A. Turing.| The author B. Russell too."],
  ["initials within a name", "John F. Kennedy spoke.| George W. Bush too."],
  [
    "spaced German abbreviations",
    "Das ist z. B. im Haus.| Es gilt i. d. R. Montag, d. h. Werktag, u. a. Freitag.",
  ],
  ["before Christ", "Es war 44 v. Chr. im März.| Ende."],
  ["spaced Spanish and French ones", "Es fruta, p. ej. Manzanas, c.-à-d. Pommes.| Fin."],
  [
    "a wrapped paragraph",
    "This line is long enough to have been wrapped\nby an editor.| The next sentence is\nwrapped too.",
  ],
  ["a name over two lines", "It was founded by Bishop\nAnselm in 1412.| It is old."],
  ["a name with a comma behind it", "The first was Brother\nMatthew, who taught."],
  ["a short heading that ends in a name", "Founded by Anselm|\nThe abbey is old."],
  ["a list of names", "A walk with Anselm|\nMatthew Hall"],
  ["short lines", "Main Street 5|\nSpringfield|\nUnited States"],
  ["a list", "Three things:|\n- one thing|\n- another\n  goes on|\n- last"],
  ["a numbered list", "1. First of all.|\n2. Second.| With more."],
  ["numbered headings", "## 2. Refunds|\n\n### 3. Terms and prices|\nMore."],
  ["numbers in bold letters", "**1. First of all.**|\n- **2. Second.**| With more."],
  ["a number that ends a sentence", "There are 3.| More."],
  ["a heading", "# Title|\nThe text that follows it."],
  ["a table", "| a | b |\n| - | - |\n| It is. So it is. | 2 |".replaceAll("\n", "¦\n")],
  ["fenced code", "Run:|\n```sh|\nnpm install. now|\nthen go|\n```|\nDone."],
  [
    "a quotation",
    "> This line of a quotation is long enough to wrap\n> and goes on here.| And ends.",
  ],
  ["blank lines", "One|\n\n\nTwo|\r\n\r\nThree"],
];

describe("splitSentences", () => {
  test.each(CASES)("%s", (name, marked) => {
    const mark = name === "a table" ? "¦" : "|";
    const text = marked.replaceAll(mark, "");
    const expected = marked
      .split(mark)
      .map((part) => part.trim())
      .filter((part) => part !== "");
    expect(splitSentences(text).map(({ start, end }) => text.slice(start, end))).toEqual(expected);
  });

  test("every character that is not blank is in exactly one sentence, whatever the text", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        ". ",
        "\n",
        "\n\n",
        "。",
        "- ",
        "```\n",
        "Dr. ",
        "a",
        "B",
        " ",
        "…",
        "\r\n",
        "|",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        const spans = splitSentences(text);
        let at = 0;
        for (const { start, end } of spans) {
          expect(text.slice(at, start).trim()).toBe("");
          expect(text.slice(start, end).trim()).toBe(text.slice(start, end));
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(text.slice(at).trim()).toBe("");
      }),
      { numRuns: 500 },
    );
  });

  test("a long text without any end takes time in proportion to its length", () => {
    const units = (length: number): number => splitSentences("a. b".repeat(length)).length;
    expect(units(50_000)).toBe(1);
    expect(splitSentences(`${"(".repeat(100_000)}.`)).toHaveLength(1);
    expect(splitSentences(".".repeat(200_000))).toHaveLength(1);
  });
});
