/** Reading real files from a disk: whatever they hold, documents or problems come out and the process lives. */
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INGEST_LIMITS } from "../../../ingest/limits.ts";
import { loadFile } from "../../../ingest/load/load-file.ts";
import { createLoadPool, type LoadPool } from "../../../ingest/load/load-pool.ts";
import { sortEvents, type Loaded } from "../fixtures/load.ts";
import { writeDocx } from "../fixtures/office-files.ts";
import { readRegular } from "../../../ingest/files/read-regular.ts";
import { makePipe } from "../fixtures/pipe.ts";
import { writePdf } from "../fixtures/pdf-file.ts";
import { writeZip } from "../fixtures/zip.ts";

let folder: string;
let pool: LoadPool;
const never = new AbortController().signal;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "load-file-"));
  pool = createLoadPool();
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

function load(name: string, through: LoadPool = pool): Promise<Loaded> {
  return sortEvents(loadFile({ id: name, path: join(folder, name) }, through, never));
}

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return name;
}

const compound = Buffer.concat([
  Buffer.from("d0cf11e0a1b11ae1", "hex"),
  Buffer.alloc(600),
  Buffer.from("EncryptedPackage", "utf16le"),
]);
const pdf = writePdf([["Some words."], ["More words."]]);
const docx = writeDocx(["# Head", "Words."]);

describe("a bad file is one problem that says where, what and what to do", () => {
  const cases: readonly (readonly [string, string, () => string | Uint8Array, string, RegExp])[] = [
    ["an empty file", "empty.md", () => "", "empty", /empty/],
    [
      "a binary named .md",
      "binary.md",
      () => Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
      "binary",
      /PNG.*extension/,
    ],
    ["a PDF named .docx", "wrong.docx", () => pdf, "damaged", /broken/],
    ["text named .pdf", "wrong.pdf", () => "just words", "damaged", /save or download/],
    ["a PDF cut short", "short.pdf", () => pdf.subarray(0, 300), "damaged", /cut short/],
    [
      "a PDF with a password",
      "password.pdf",
      () => readFileSync(new URL("../fixtures/password.pdf", import.meta.url)),
      "encrypted",
      /password.*without/,
    ],
    ["a PDF of pictures", "scan.pdf", () => writePdf([[], []]), "no-text", /OCR/],
    [
      "a DOCX cut short",
      "short.docx",
      () => docx.subarray(0, docx.length - 40),
      "damaged",
      /broken/,
    ],
    ["a DOCX with a password", "password.docx", () => compound, "encrypted", /password/],
    [
      "an old Office file",
      "old.xlsx",
      () => compound.subarray(0, 600),
      "unsupported",
      /save it as/,
    ],
    [
      "a zip with a password",
      "locked.epub",
      () => writeZip([{ name: "a", content: "a", encrypted: true }]),
      "encrypted",
      /password/,
    ],
    [
      "a zip of something else",
      "other.docx",
      () => writeZip([{ name: "a", content: "a" }]),
      "damaged",
      /docx/,
    ],
    [
      "a zip that declares a bomb",
      "declared.xlsx",
      () => writeZip([{ name: "a", content: "a", declaredBytes: 2 ** 30 }]),
      "bomb",
      /1024 MiB/,
    ],
    [
      "a zip of too many files",
      "many.epub",
      () => writeZip(Array.from({ length: 10_001 }, (_, at) => ({ name: `${at}`, content: "" }))),
      "bomb",
      /10001 files/,
    ],
    [
      "a page without words",
      "blank.html",
      () => "<html><body><script>draw()</script></body></html>",
      "no-text",
      /scripts/,
    ],
    ["an unknown kind", "a.zzz", () => "words", "unsupported", /Markdown, HTML/],
  ];
  test.each(cases)("%s", async (...[, name, content, code, words]) => {
    const { documents, problems } = await load(write(name, content()));
    expect(documents).toEqual([]);
    expect(problems).toMatchObject([{ id: name, code, severity: "error" }]);
    expect(problems[0]?.message.startsWith(`${name}: `)).toBe(true);
    expect(problems[0]?.message).toMatch(words);
    expect(problems[0]?.message).not.toContain(folder);
  });
});

describe("what is no file to read is refused without being read", () => {
  test("a missing file", async () => {
    expect((await load("nowhere.md")).problems).toMatchObject([{ code: "missing" }]);
  });

  test("a folder", async () => {
    const events = loadFile({ id: "a.md", path: folder }, pool, never);
    expect((await sortEvents(events)).problems).toMatchObject([{ code: "special-file" }]);
  });

  test("a file of 100 MiB", async () => {
    truncateSync(join(folder, write("huge.md", "")), 100 * 2 ** 20);
    const { problems } = await load("huge.md");
    expect(problems).toMatchObject([{ code: "too-large" }]);
    expect(problems[0]?.message).toContain("100.0 MiB");
  });

  test("a link", async () => {
    write("target.md", "words");
    symlinkSync("target.md", join(folder, "link.md"));
    expect((await load("link.md")).problems).toMatchObject([{ code: "symlink" }]);
  });

  test("what took the place of a file after it was found", () => {
    const read = (name: string, fileBytesMax = 5) =>
      readRegular({ id: name, path: join(folder, name) }, { fileBytesMax });
    makePipe(join(folder, "swapped.md"));
    writeFileSync(join(folder, "whole.md"), "words");
    symlinkSync(join(folder, "whole.md"), join(folder, "led.md"));
    expect(read("swapped.md")).toMatchObject({ code: "special-file" });
    expect(read("led.md")).toMatchObject({ code: "symlink" });
    expect(read("gone.md")).toMatchObject({ code: "missing" });
    expect(read("whole.md", 4)).toMatchObject({ code: "too-large" });
    expect(read("whole.md")).toEqual(Buffer.from("words"));
  });

  test("a pipe nobody writes to", async () => {
    makePipe(join(folder, "pipe.md"));
    expect((await load("pipe.md")).problems).toMatchObject([{ code: "special-file" }]);
  });
});

describe("a hostile file costs its own parser, not the process", () => {
  test("zeros in a small zip, honest or lying about their size", async () => {
    const name = "word/document.xml";
    const honest = writeZip([{ name, content: new Uint8Array(2 ** 25) }]);
    expect((await load(write("honest.docx", honest))).problems).toMatchObject([{ code: "bomb" }]);
    const lying = writeZip([{ name, content: new Uint8Array(2 ** 25), declaredBytes: 1000 }]);
    expect((await load(write("lying.docx", lying))).problems).toMatchObject([{ code: "bomb" }]);
  });

  test("a hundred thousand nested elements", async () => {
    const name = write("nested.html", `<body>${"<div>".repeat(100_000)}words`);
    expect((await load(name)).problems).toMatchObject([{ code: "too-deep" }]);
  });

  test("a parser past its time is ended, and the next file is read", async () => {
    const strict = createLoadPool({ ...INGEST_LIMITS, loadTimeoutMs: 1, workersMax: 1 });
    write("slow.html", `<p>${"<b>words</b> ".repeat(50_000)}</p>`);
    expect((await load("slow.html", strict)).problems).toMatchObject([{ code: "timed-out" }]);
    await strict.close();
    write("next.html", "<p>fine</p>");
    expect((await load("next.html")).documents).toMatchObject([{ text: "fine" }]);
  });

  test("a parser past its memory is ended, and the same pool reads on", async () => {
    const small = createLoadPool({ ...INGEST_LIMITS, workerHeapMebibytesMax: 48, workersMax: 1 });
    write("wide.html", `<body>${"<p>a</p>".repeat(400_000)}</body>`);
    const { problems } = await load("wide.html", small);
    expect(problems).toMatchObject([{ code: "too-large" }]);
    expect(problems[0]?.message).toContain("48 MiB");
    write("after.html", "<p>fine</p>");
    expect((await load("after.html", small)).documents).toMatchObject([{ text: "fine" }]);
    await small.close();
  });
});

test("stopping ends the read with the signal's reason, and the pool reads on", async () => {
  const stop = new AbortController();
  write("page.html", `<p>${"<i>words</i> ".repeat(20_000)}</p>`);
  const reason = new Error("stopped");
  const events = loadFile({ id: "page.html", path: join(folder, "page.html") }, pool, stop.signal);
  const reading = sortEvents(events);
  setTimeout(() => stop.abort(reason), 5);
  await expect(reading).rejects.toBe(reason);
  write("still.html", "<p>fine</p>");
  expect((await load("still.html")).documents).toMatchObject([{ text: "fine" }]);
});

test("a large text file goes through a parser process with the same result", async () => {
  const text = "# Head\r\n\r\nwords é\r\n".repeat(80_000);
  const { documents, problems } = await load(write("large.md", text));
  expect(problems).toEqual([]);
  expect(documents[0]?.text).toBe(text);
  expect(documents[0]?.sections).toHaveLength(80_000);
});

test.each(["md", "py", "csv"])(
  "a .%s file that takes too long to read is refused, and no longer holds up whoever reads it",
  async (extension) => {
    const strict = createLoadPool({ ...INGEST_LIMITS, loadTimeoutMs: 1, workersMax: 1 });
    const name = write(`slow.${extension}`, "Words, and more.\n".repeat(30_000));
    expect((await load(name, strict)).problems).toMatchObject([{ code: "timed-out" }]);
    await strict.close();
  },
);

test("a document of more text than the limit is refused", async () => {
  const strict = createLoadPool({ ...INGEST_LIMITS, textCharsMax: 100 });
  const { problems } = await load(write("long.txt", "words ".repeat(50)), strict);
  expect(problems).toMatchObject([{ code: "too-large" }]);
  await strict.close();
});

test("any bytes under any name give documents or problems", async () => {
  const extension = fc.constantFrom(
    ..."md html pdf docx pptx xlsx epub csv tsv json jsonl txt ts".split(" "),
  );
  const seeds = fc.constantFrom<Uint8Array>(
    pdf,
    docx,
    Buffer.from("id,text\n1,a\n"),
    Buffer.from("# a\n<p>"),
  );
  const mutated = fc
    .tuple(seeds, fc.array(fc.tuple(fc.nat(5_000), fc.nat(255)), { maxLength: 20 }))
    .map(([seed, changes]) => {
      const bytes = new Uint8Array(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    mutated,
    fc.string().map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(extension, content, async (name, bytes) => {
      const { documents, problems } = await load(write(`any.${name}`, bytes));
      expect(documents.length + problems.length).toBeGreaterThan(0);
      for (const { text, sections } of documents) {
        expect(text.trim()).not.toBe("");
        const starts = sections.map(({ start }) => start);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        expect(starts.every((start) => start < text.length)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});
