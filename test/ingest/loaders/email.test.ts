import { describe, expect, test } from "vitest";
import { load } from "../fixtures/load.ts";

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

  test("names what is attached, and holds what was forwarded", async () => {
    const document = await loadOne(
      toParts("mixed", [
        ["text/plain", "See below."],
        ["message/rfc822", toForwarded("text/html", "<p>They were <b>lower</b>.</p>")],
        ['application/pdf; name="prices.pdf"\nContent-Disposition: attachment', "%PDF-1.4"],
      ]),
    );
    expect(document.text).toContain(
      "See below.\n\n## Old prices\n\nFrom: Cy <cy@example.org>\nDate: 2025-03-04 15:30 UTC\n\nThey were **lower**.",
    );
    expect(document.text.endsWith("\n\nAttachments: prices.pdf")).toBe(true);
    expect(document.text).not.toContain("%PDF");
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

function toNested(levels: number): string {
  const opened = Array.from(
    { length: levels },
    (_, at) => `Content-Type: multipart/mixed; boundary="b${at}"\n\n--b${at}\n`,
  );
  return `${HEAD}${opened.join("")}\nwords\n`;
}
