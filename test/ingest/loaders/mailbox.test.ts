import { expect, test } from "vitest";
import { load } from "../fixtures/load.ts";

const FIRST = `From ann@example.org Tue Mar  4 15:30:00 2025
From: ann@example.org
Subject: Plan
Content-Type: text/plain; charset=utf-8

Größe of it.

>From here on it is quoted.
From the start it was.
`;
const SECOND = `From - Wed Mar 05 09:00:00 2025 +0100
From: bo@example.org
Subject: Re: Plan
Content-Type: text/plain; charset=iso-8859-1

Gr\u00F6\u00DFe of mine.
`;

test.each(["\n", "\r\n"])(
  "each email of a mailbox is a document, lines ended by %j",
  async (end) => {
    const bytes = Buffer.concat([
      Buffer.from(`${FIRST}\n`.replaceAll("\n", end)),
      Buffer.from(SECOND.replaceAll("\n", end), "latin1"),
    ]);
    const { documents, problems } = await load("list.mbox", bytes);
    expect(problems).toEqual([]);
    expect(documents.map(({ id, source, title }) => [id, source, title])).toEqual([
      ["list.mbox#1", "list.mbox", "Plan"],
      ["list.mbox#2", "list.mbox", "Re: Plan"],
    ]);
    expect(documents[0]?.text).toContain(
      "Größe of it.\n\nFrom here on it is quoted.\nFrom the start it was.",
    );
    expect(documents[1]?.text).toContain("Größe of mine.");
  },
);

test("a broken message of a mailbox is named, and all others are read", async () => {
  const empty = "From x Tue Mar  4 15:30:00 2025\n\nNothing says what it is.\n\n";
  const { documents, problems } = await load("list.mbox", `${empty}${FIRST}`);
  expect(documents.map(({ id }) => id)).toEqual(["list.mbox#2"]);
  expect(problems).toMatchObject([{ id: "list.mbox#1", code: "damaged" }]);
});

test.each(["Just words.", "From: a@example.org\nSubject: x\n\nOne email."])(
  "%j called .mbox is refused",
  async (content) => {
    const { documents, problems } = await load("a.mbox", content);
    expect(documents).toEqual([]);
    expect(problems).toMatchObject([{ code: "damaged", severity: "error" }]);
  },
);
