import { describe, expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";

const HEAD = `From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>
To: Ann <ann@example.org>, team@example.org
Cc: Bo <bo@example.org>
Date: Tue, 4 Mar 2025 16:30:00 +0100
Subject: =?utf-8?B?UHJlaXNlIGbDvHIgMjAyNQ==?=
MIME-Version: 1.0
`;
const FIELDS = [
  "From: Jörg Müller <joerg@example.org>",
  "To: Ann <ann@example.org>, team@example.org",
  "Cc: Bo <bo@example.org>",
  "Date: 2025-03-04 15:30 UTC",
].join("\n");

async function loadOne(content: string) {
  const { documents, problems } = await load("a.eml", content.replaceAll("\n", "\r\n"));
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0]!;
}

/** Parts of these types and contents, with what else stands in their heads. */
function toParts(kind: string, parts: readonly (readonly [string, string])[]): string {
  const written = parts.map(([head, content]) => `--edge\nContent-Type: ${head}\n\n${content}\n`);
  return `${HEAD}Content-Type: multipart/${kind}; boundary="edge"\n\n${written.join("")}--edge--\n`;
}

describe("an email", () => {
  test("tells who wrote what to whom and when", async () => {
    const body =
      "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nDie Pr=FCfung=\n ist bestanden.\n\n> quoted\n# no heading\n";
    const document = await loadOne(`${HEAD}${body}`);
    expect(document.title).toBe("Preise für 2025");
    expect(document.text).toBe(
      `# Preise für 2025\n\n${FIELDS}\n\nDie Prüfung ist bestanden.\n\n> quoted\n\\# no heading`,
    );
    expect(document.sections).toEqual([{ start: 0, headings: ["Preise für 2025"] }]);
    expect(document.metadata).toEqual({
      from: "Jörg Müller <joerg@example.org>",
      to: "Ann <ann@example.org>, team@example.org",
      cc: "Bo <bo@example.org>",
      date: "2025-03-04 15:30 UTC",
    });
  });

  test("is read from its page where it has one, without what frames and watches it", async () => {
    const page =
      '<html><body><table><tr><td><p>New prices:</p><table><tr><th>Plan</th><th>Price</th></tr><tr><td>Team</td><td>10</td></tr></table></td></tr></table><img src="https://example.org/seen?by=ann"></body></html>';
    const document = await loadOne(
      toParts("alternative", [
        ["text/plain", "New prices: see the page."],
        ["text/html; charset=utf-8", page],
      ]),
    );
    expect(document.text.split("\n\n").slice(2)).toEqual([
      "New prices:",
      "| Plan | Price |\n| --- | --- |\n| Team | 10 |",
    ]);
  });

  test("holds what was forwarded, within it or as a file", async () => {
    const old = toForwarded("text/html", "<p>They were <b>lower</b>.</p>");
    const document = await loadOne(
      toParts("mixed", [
        ["text/plain", "See below."],
        ["message/rfc822", old],
        ["message/rfc822\nContent-Disposition: attachment", old.replaceAll("Old", "Older")],
      ]),
    );
    expect(document.text).toContain(
      "See below.\n\n## Old prices\n\nFrom: Cy <cy@example.org>\nDate: 2025-03-04 15:30 UTC\n\nThey were **lower**.\n\n## Older prices",
    );
    expect(outline(document)).toEqual([
      "Preise für 2025 | # Preise für 2025",
      "Preise für 2025 › Old prices | ## Old prices",
      "Preise für 2025 › Older prices | ## Older prices",
    ]);
  });

  test("holds what is attached, each file under its name", async () => {
    const document = await loadOne(
      toParts("mixed", [
        ["text/plain", "See the files."],
        [toAttached("text/markdown", "notes.md"), "# Notes\n\nSome words."],
        [toAttached("text/csv", "prices.csv"), "name,price\nTeam,10\nSolo,5"],
        [toAttached("application/octet-stream", "tool.py"), "# a comment\nx = 1"],
      ]),
    );
    expect(document.text.split("\r\n").join("\n").split("\n\n").slice(2)).toEqual([
      "See the files.",
      "Attachments: notes.md, prices.csv, tool.py",
      "## notes.md",
      "# Notes",
      "Some words.",
      "## prices.csv",
      "Team\nname: Team\nprice: 10",
      "Solo\nname: Solo\nprice: 5",
      "## tool.py",
      "```\n# a comment\nx = 1\n```",
    ]);
    expect(outline(document)).toEqual([
      "Preise für 2025 | # Preise für 2025",
      "Preise für 2025 | Attachments: notes.md, prices.csv, tool.py",
      "Preise für 2025 › notes.md | ## notes.md",
      "Preise für 2025 › notes.md › Notes | # Notes",
      "Preise für 2025 › prices.csv | ## prices.csv",
      "Preise für 2025 › tool.py | ## tool.py",
    ]);
  });

  test("names what is attached and cannot be read, and says that it was left out", async () => {
    const { documents, problems } = await load(
      "a.eml",
      toParts("mixed", [
        ["text/plain", "See the files."],
        [toAttached("image/png", "seal.png"), "PNG"],
        [toAttached("application/pdf", "prices.pdf"), "%PDF-1.4"],
        [toAttached("application/pgp-signature", "signature.asc"), "abc"],
      ]),
    );
    expect(documents[0]!.text.endsWith("\n\nAttachments: seal.png, prices.pdf")).toBe(true);
    expect(problems).toMatchObject([
      { code: "damaged", message: expect.stringContaining("a.eml: attachment prices.pdf: is not") },
      { code: "unsupported", message: expect.stringContaining("left out: seal.png") },
    ]);
    expect(problems.map(({ severity }) => severity)).toEqual(["warning", "warning"]);
  });

  test("is read without an attachment that is longer than all it may hold", async () => {
    const mail = toParts("mixed", [
      ["text/plain", "See the file."],
      [toAttached("text/plain", "long.txt"), "word ".repeat(200)],
    ]);
    const { documents, problems } = await load("a.eml", mail, { textCharsMax: 1_000 });
    expect(documents[0]!.text).toContain("See the file.");
    expect(documents[0]!.text).not.toContain("word word");
    expect(problems).toMatchObject([{ code: "too-large", severity: "warning" }]);
  });

  test.each([
    ["without a charset", "text/plain"],
    ["with a charset that is not its own", "text/plain; charset=utf-8"],
  ])("%s is read by its letters", async (_, type) => {
    const mail = `${HEAD}Content-Type: ${type}\n\nDie Prüfung für größere Häuser ist bestanden.\n`;
    const { documents, problems } = await load("a.eml", Buffer.from(mail, "latin1"));
    expect(documents[0]!.text).toContain("Die Prüfung für größere Häuser ist bestanden.");
    expect(problems).toMatchObject([{ code: "encoding-guessed", severity: "warning" }]);
  });

  test("keeps the title of the only row of a table that is attached", async () => {
    const table = "question,answer\nWhat is blue?,The sky is.\n";
    const document = await loadOne(toParts("mixed", [['text/csv; name="a.csv"', table]]));
    expect(document.text.endsWith("## a.csv\n\nWhat is blue?\nThe sky is.")).toBe(true);
  });

  test("with more blank lines than words is read in a time that grows with them", async () => {
    const document = await loadOne(`${HEAD}\nAbove.${"\n".repeat(250_000)}# Below.\n`);
    expect(document.text.endsWith("\n\\# Below.")).toBe(true);
  });

  test("counts what is wrong with what is attached, beyond the first of it", async () => {
    const parts = Array.from({ length: 50 }, (_, at): readonly [string, string] => [
      `application/pdf; name="${at}.pdf"`,
      "no PDF",
    ]);
    const { documents, problems } = await load("a.eml", toParts("mixed", parts));
    expect(documents).toHaveLength(1);
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)?.message).toContain("has 30 more warnings like these");
  });

  test("is read without attachments beyond the most of them", async () => {
    const parts = ["a", "b", "c"].map((name): readonly [string, string] => [
      `text/plain; name="${name}.txt"\nContent-Disposition: attachment`,
      `Text of ${name}.`,
    ]);
    const content = toParts("mixed", parts);
    const { documents, problems } = await load("a.eml", content, { attachmentsMax: 1 });
    expect(documents[0]?.text).toContain("Text of a.");
    expect(documents[0]?.text).not.toContain("Text of b.");
    expect(problems).toMatchObject([{ code: "too-large", severity: "warning" }]);
    expect(problems[0]?.message).toContain("save them beside the email: b.txt, c.txt");
  });

  test("that holds messages in messages without end is refused, not read in part", async () => {
    const content = Array.from({ length: 100 }).reduce<string>(
      (inner) => toForwarded("message/rfc822", inner),
      "From: a@example.org\n\nwords",
    );
    const { documents, problems } = await load("a.eml", content);
    expect(documents).toEqual([]);
    expect(problems).toMatchObject([{ code: "too-deep" }]);
  });

  test.each(["application/pkcs7-mime; smime-type=enveloped-data", "application/pgp-encrypted"])(
    "whose words are in %s is refused as such",
    async (type) => {
      const { documents, problems } = await load("a.eml", toParts("encrypted", [[type, "MIAG"]]));
      expect(documents).toEqual([]);
      expect(problems).toMatchObject([{ code: "encrypted" }]);
    },
  );

  test.each([
    ["that is none", "Only words.\n", "no email"],
    ["with parts in parts without end", toNested(200), "cannot be read as email"],
    [
      "with a head of megabytes",
      `${HEAD}${"X-A: aaaaaaaaaaaaaaaaaaaa\n".repeat(100_000)}\nx`,
      "cannot be read",
    ],
  ])("%s is refused", async (_, content, message) => {
    const { documents, problems } = await load("a.eml", content);
    expect(documents).toEqual([]);
    expect(problems).toMatchObject([
      { code: "damaged", message: expect.stringContaining(message) },
    ]);
  });
});

function toForwarded(type: string, content: string): string {
  return `From: Cy <cy@example.org>\nDate: Tue, 4 Mar 2025 16:30:00 +0100\nSubject: Old prices\nContent-Type: ${type}\n\n${content}`;
}

function toAttached(type: string, name: string): string {
  return `${type}; name="${name}"\nContent-Disposition: attachment; filename="${name}"`;
}

function toNested(levels: number): string {
  const opened = Array.from(
    { length: levels },
    (_, at) => `Content-Type: multipart/mixed; boundary="b${at}"\n\n--b${at}\n`,
  );
  return `${HEAD}${opened.join("")}\nwords\n`;
}
