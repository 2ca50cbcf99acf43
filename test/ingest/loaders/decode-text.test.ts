import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeText } from "../../../ingest/loaders/decode-text.ts";
import { load } from "../fixtures/load.ts";

const file = { id: "a.txt", path: "a.txt" };

function toUtf16be(text: string): Uint8Array {
  return Buffer.from(text, "utf16le").swap16();
}

describe("text in any encoding is read", () => {
  const german =
    "Die Straße führt über die Brücke; größere Häuser säumen sie. Fünf Männer grüßen höflich.";
  const cases: readonly (readonly [string, Uint8Array, string, number])[] = [
    ["UTF-8", Buffer.from("é😀"), "é😀", 0],
    ["UTF-8 with BOM", Buffer.from("\uFEFFé"), "é", 0],
    ["UTF-16 little-endian with BOM", Buffer.from("\uFEFFé text", "utf16le"), "é text", 0],
    ["UTF-16 big-endian with BOM", toUtf16be("\uFEFFé text"), "é text", 0],
    ["UTF-16 without BOM", Buffer.from("plain words", "utf16le"), "plain words", 0],
    ["UTF-16 big-endian without BOM", toUtf16be("plain words"), "plain words", 0],
    ["Latin-1, with a warning", Buffer.from(german, "latin1"), german, 1],
    ["Latin-1 of one word", Buffer.from("résumé", "latin1"), "résumé", 1],
    ["CRLF untouched", Buffer.from("a\r\nb"), "a\r\nb", 0],
    [
      "a stray NUL far in",
      Buffer.from(`${"x".repeat(9_000)}\0y`),
      `${"x".repeat(9_000)}\uFFFDy`,
      0,
    ],
  ];
  test.each(cases)("%s", async (_, bytes, text, warnings) => {
    const decoded = await decodeText(bytes, file);
    expect(decoded).toMatchObject({ text });
    expect("warnings" in decoded && decoded.warnings.length).toBe(warnings);
  });
});

test("one bad byte in UTF-8 does not lose the rest", async () => {
  const bytes = Buffer.from("Grüße aus Köln, schöne Straße. ".repeat(50));
  bytes[bytes.length - 3] = 0xff;
  const decoded = await decodeText(bytes, file);
  expect(decoded.text?.startsWith("Grüße aus Köln")).toBe(true);
});

describe("what is no text is refused", () => {
  const cases: readonly (readonly [string, Uint8Array, string, string])[] = [
    ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "binary", "PNG"],
    ["a PDF by another name", Buffer.from("%PDF-1.4\nwords"), "binary", "PDF"],
    ["a program", Buffer.from("7f454c460201010000000000000000000200", "hex"), "binary", "ELF"],
    ["zeros", new Uint8Array(1000), "binary", "binary"],
  ];
  test.each(cases)("%s", async (_, bytes, code, word) => {
    const decoded = await decodeText(bytes, file);
    expect(decoded).toMatchObject({ problem: { code, severity: "error" } });
    expect("problem" in decoded && decoded.problem.message).toContain(word);
  });
});

test("blank lines alone are worth a word and no failure", async () => {
  const decoded = await decodeText(Buffer.from(" \n\n\t"), file);
  expect(decoded).toMatchObject({ problem: { code: "empty", severity: "warning" } });
});

const WITH_HIDDEN = "a\u200Bb\u202Ec\u{E0041}d می\u200Cخواهم 👩\u200D💻";

test.each(["a.md", "a.txt", "a.ts"])(
  "hidden characters in %s become spaces of the same length; spelling and emoji keep theirs",
  async (name) => {
    const { documents } = await load(name, WITH_HIDDEN);
    expect(documents[0]?.text).toBe("a b c  d می\u200Cخواهم 👩\u200D💻");
  },
);

test.each([
  ["a.html", `<p>${WITH_HIDDEN}</p>`],
  ["a.jsonl", JSON.stringify({ text: WITH_HIDDEN })],
  ["a.csv", `id,text\n1,${WITH_HIDDEN}`],
])("hidden characters in %s, which is converted anyway, go", async (name, content) => {
  const { documents } = await load(name, content);
  expect(documents[0]?.text).toBe("abcd می\u200Cخواهم 👩\u200D💻");
});

test("any text keeps its length", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1 }), async (text) => {
      const { documents } = await load("a.txt", `words ${text}`);
      for (const document of documents) expect(document.text).toHaveLength(text.length + 6);
    }),
  );
});

describe("text without Unicode, amid markup that is all ASCII", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["windows-1252", "Die Prüfung in Zürich für größere Häuser ist bestanden."],
    ["windows-1252", "“Quotes” and – dashes — in English words, and nothing else."],
    ["windows-1252", "A café in an English text that has no other accent."],
    ["windows-1252", "Preis 10 € für 5 Stück."],
    ["windows-1251", "Договор действует два года и продлевается автоматически."],
    ["koi8-r", "Договор действует два года и продлевается автоматически."],
    ["windows-1253", "Η σύμβαση ισχύει για δύο χρόνια."],
    ["windows-1254", "Sözleşme iki yıl geçerlidir ve değişiklik yapılabilir."],
    ["windows-1255", "החוזה תקף לשנתיים ומתחדש אוטומטית."],
  ];
  test.each(cases)("is read as %s: %s", async (encoding, words) => {
    const letters = new TextDecoder(encoding).decode(
      Uint8Array.from({ length: 256 }, (_, at) => at),
    );
    const text = `${'<p class="x">'.repeat(60)}${words}`;
    const bytes = Uint8Array.from(text, (letter) => letters.indexOf(letter));
    expect((await decodeText(bytes, { id: "a", path: "a" })).text).toBe(text);
  });
});

test("what colours the lines of a log is no part of its words", async () => {
  const { documents } = await load("a.log", "\u001B[1;32mINFO\u001B[0m started\u001B[K\n");
  expect(documents[0]!.text).toBe(`${" ".repeat(7)}INFO${" ".repeat(4)} started${" ".repeat(3)}\n`);
});
