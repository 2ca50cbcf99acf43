import { expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";
import { type MsgMessage, writeMsg } from "../fixtures/msg-file.ts";

const MAIL: MsgMessage = {
  subject: "Preise für 2025",
  sender: ["Jörg Müller", "joerg@example.org"],
  to: [
    ["Ann", "ann@example.org"],
    ["bo@example.org", "bo@example.org"],
  ],
  sent: new Date("2025-03-04T15:30:00Z"),
  body: "See the list.\r\n",
};

async function loadOne(message: MsgMessage) {
  const { documents, problems } = await load("a.msg", writeMsg(message));
  expect(problems).toEqual([]);
  return documents[0]!;
}

test("a message of Outlook tells who wrote what to whom and when", async () => {
  const document = await loadOne(MAIL);
  expect(document.title).toBe("Preise für 2025");
  expect(document.text).toBe(
    "# Preise für 2025\n\nFrom: Jörg Müller <joerg@example.org>\nTo: Ann <ann@example.org>, bo@example.org\nDate: 2025-03-04 15:30 UTC\n\nSee the list.",
  );
  expect(document.metadata).toMatchObject({ date: "2025-03-04 15:30 UTC" });
});

test("its page is read in the message's code page", async () => {
  const html = Buffer.from("<p>Größere <b>Häuser</b></p>", "latin1");
  const document = await loadOne({ ...MAIL, html, codePage: 1252 });
  expect(document.text.endsWith("UTC\n\nGrößere **Häuser**")).toBe(true);
});

test("what is attached to it is read, files and messages", async () => {
  const files = [
    { name: "notes.md", content: "# Notes\n\nSome words." },
    { name: "old", content: { subject: "Old prices", body: "They were lower." } },
  ];
  const document = await loadOne({ ...MAIL, files });
  expect(outline(document)).toEqual([
    "Preise für 2025 | # Preise für 2025",
    "Preise für 2025 › Old prices | ## Old prices",
    "Preise für 2025 | Attachments: notes.md",
    "Preise für 2025 › notes.md | ## notes.md",
    "Preise für 2025 › notes.md › Notes | # Notes",
  ]);
  expect(document.text).toContain("## Old prices\n\nThey were lower.");
  expect(document.text.endsWith("# Notes\n\nSome words.")).toBe(true);
});

test.each([
  ["words", Buffer.from("proc x {} {}")],
  ["a container of something else", Buffer.from("d0cf11e0a1b11ae1".padEnd(2_048, "0"), "hex")],
  ["a message that was cut short", writeMsg(MAIL).slice(0, 1_500)],
])("%s called .msg is refused", async (_, bytes) => {
  const { documents, problems } = await load("a.msg", bytes);
  expect(documents).toEqual([]);
  expect(problems).toMatchObject([{ code: "damaged", severity: "error" }]);
});
