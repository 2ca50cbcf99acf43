import { describe, expect, test } from "vitest";
import { load } from "../fixtures/load.ts";

describe("CSV", () => {
  test("a row with question and answer is titled by the question", async () => {
    const { documents, problems } = await load(
      "faq.csv",
      'id,question,answer\nq1,What is it?,"A ""tool"".\nTwo lines."\n',
    );
    expect(problems).toEqual([]);
    expect(documents).toEqual([
      {
        id: "faq.csv#q1",
        source: "faq.csv",
        title: "What is it?",
        text: 'A "tool".\nTwo lines.',
        sections: [],
        kind: "prose",
        metadata: {},
      },
    ]);
  });

  test("beside a text, other columns are typed metadata alone", async () => {
    const { documents } = await load(
      "a.csv",
      "title,text,Unit price,Zip,In stock,url\nTea,A drink.,3.5,01234,true,https://e.org\nIce,Cold.,2,99999,FALSE,",
    );
    expect(documents[0]).toMatchObject({
      id: "a.csv#1",
      title: "Tea",
      text: "A drink.",
      metadata: { Unit_price: 3.5, Zip: "01234", In_stock: true, url: "https://e.org" },
    });
    expect(documents[1]?.metadata).toEqual({ Unit_price: 2, Zip: "99999", In_stock: false });
  });

  test("without a text, all columns are the text, and typed metadata", async () => {
    const { documents } = await load("a.csv", "sku,name,price\nS1,Tea,3.5");
    expect(documents[0]).toMatchObject({
      title: "Tea",
      text: "sku: S1\nname: Tea\nprice: 3.5",
      metadata: { sku: "S1", price: 3.5 },
    });
  });

  test("beside a text, a column of prose is searched with it", async () => {
    const remark =
      "The drink is served from four to five, with milk or lemon, in the room upstairs.";
    const { documents } = await load("a.csv", `title,text,remark\nTea,A drink.,"${remark}."`);
    expect(documents[0]?.text).toBe(`A drink.\n\nremark: ${remark}.`);
  });

  test("a table of as many columns as rows is read cell by cell, and not column by row", async () => {
    const names = Array.from({ length: 20_000 }, (_, column) => `c${column}`);
    const { documents } = await load("a.csv", `${names.join(",")}\n${"7\n".repeat(20_000)}`);
    expect(documents).toHaveLength(20_000);
    expect(documents[0]?.metadata).toEqual({ c0: 7 });
  });

  const delimiters: readonly (readonly [string, string, string])[] = [
    ["comma", "a.csv", "id,text\n1,one"],
    ["semicolon with decimal commas", "a.csv", "id;text\n1;one"],
    ["tab", "a.csv", "id\ttext\n1\tone"],
    ["tab by extension", "a.tsv", "id\ttext\n1\tone"],
    ["CRLF", "a.csv", "id,text\r\n1,one\r\n"],
    ["BOM", "a.csv", "\uFEFFid,text\n1,one"],
    ["a delimiter that Excel is told", "a.csv", "sep=;\r\nid;te,xt;text\r\n1;b;one\r\n"],
    ["one that no row would tell", "a.csv", "sep=|\nid|a,b,c,d|text\n1|b|one"],
    ["a delimiter inside quotes", "a.csv", '"id";"te,x,t,text";text\n1;b;one'],
  ];
  test.each(delimiters)("reads %s", async (_, name, content) => {
    const { documents } = await load(name, content);
    expect(documents.map(({ id }) => id)).toEqual([`${name}#1`]);
    expect(documents[0]?.text.split("\n")[0]).toBe("one");
  });

  test("without a header is read row by row, with a warning", async () => {
    const { documents, problems } = await load("a.csv", "alpha;12\nbeta;13\n");
    expect(problems).toMatchObject([{ code: "no-header", severity: "warning" }]);
    expect(documents.map(({ text }) => text)).toEqual([
      "column 1: alpha\ncolumn 2: 12",
      "column 1: beta\ncolumn 2: 13",
    ]);
  });

  const headers: readonly (readonly [string, string, number])[] = [
    ["sentences are no header", "What is it?,It is a tool.\nWho?,Me.", 2],
    ["numbers are no header", "1,2\n3,4", 2],
    ["names above numbers are one", "city,people\nRome,2800000", 1],
    ["a known name makes one", "Title,Remark\nOne,fine", 1],
    ["plain words are one", "country,capital,currency\nNorway,Oslo,krone", 1],
    ["words of another script are one", "país;fröhlich\nuno;dos\ntres;cuatro", 2],
    ["dates are no header", "2024-05-01,Oslo\n2024-05-02,Bergen", 2],
    ["amounts are no header", "Tea,3 €\nIce,2 €", 2],
    ["addresses are no header", "Ann,ann@example.org\nBo,bo@example.org", 2],
    ["links are no header", "Ann,https://example.org\nBo,none", 2],
    ["an empty cell is in no header", "Norway,,krone\nSweden,Stockholm,krona", 2],
    ["a cell twice is in no header", "Oslo,Oslo\nBergen,Vestland", 2],
    ["a cell that comes again below it is in no header", "Oslo,open\nBergen,open\nRome,shut", 3],
    ["a header that comes again as a whole is one", "city,state\nOslo,open\ncity,state", 2],
    ["names may be cut short", "No.,Item,Qty.\n1,Tea,3", 1],
    ["the last word of a name may be", "Article no.,Product,Min. order qty.\nA-1,Tea,3", 1],
    ["words that end a sentence are none", "It is so.,Tea\nIt was not so.,Ice", 2],
    ["one row alone is data", "Oslo,open", 1],
  ];
  test.each(headers)("%s", async (_, content, rows) => {
    expect((await load("a.csv", content)).documents).toHaveLength(rows);
  });

  test("a row longer than the header keeps its words in the text, and is named", async () => {
    const content = "id,text\n1,The refund is paid in May, except for dogs, which wait.\n2,Fine.\n";
    const { documents, problems } = await load("a.csv", content);
    expect(documents.map(({ text }) => text)).toEqual([
      "The refund is paid in May, except for dogs, which wait.",
      "Fine.",
    ]);
    expect(documents[0]?.metadata).toEqual({});
    expect(problems).toMatchObject([{ code: "bad-record", severity: "warning" }]);
    expect(problems[0]?.message).toContain("line 2");
  });

  test("a cell too many may have moved all others: all are searched", async () => {
    const { documents, problems } = await load(
      "a.csv",
      "id,text,more\n1,one\n2,two, x,extra\n3,a,",
    );
    expect(documents.map(({ text }) => text)).toEqual(["one", "two\n\nmore:  x,extra", "a"]);
    expect(problems).toHaveLength(1);
  });

  test("empty cells beyond the header are none", async () => {
    const { documents, problems } = await load("a.csv", "id,text\n1,one,,\n2,two, ");
    expect(documents.map(({ text, metadata }) => [text, metadata])).toEqual([
      ["one", {}],
      ["two", {}],
    ]);
    expect(problems).toEqual([]);
  });

  test("many such rows are counted, not listed", async () => {
    const rows = Array.from({ length: 50 }, (_, at) => `${at},a,b`);
    const { documents, problems } = await load("a.csv", `id,text\n${rows.join("\n")}`, {
      problemsMax: 5,
    });
    expect(documents).toHaveLength(50);
    expect(problems).toHaveLength(6);
    expect(problems.at(-1)).toMatchObject({ severity: "warning" });
    expect(problems.at(-1)?.message).toContain("45 more");
  });

  test("a quote that never closes costs the rows from there on", async () => {
    const { documents, problems } = await load("a.csv", 'id,text\n1,one\n2,"two\n3,three\n');
    expect(documents.map(({ id }) => id)).toEqual(["a.csv#1"]);
    expect(problems).toMatchObject([{ code: "bad-record" }]);
    expect(problems[0]?.message).toContain("line 3");
  });

  test("an id used twice loads once and is reported", async () => {
    const { documents, problems } = await load("a.csv", "id,text\n1,one\n1,other\n2,two");
    expect(documents.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(problems).toMatchObject([{ code: "duplicate-id", id: "a.csv#1" }]);
  });

  test("a header alone is reported", async () => {
    expect((await load("a.csv", "id,text\n")).problems).toMatchObject([{ code: "empty" }]);
  });

  test("numbers keep their text where they are text or id", async () => {
    const { documents, problems } = await load("a.csv", "id,text,price\n1.1,one,2.50\n1.10,two,3");
    expect(problems).toEqual([]);
    expect(documents).toMatchObject([
      { id: "a.csv#1.1", text: "one", metadata: { price: 2.5 } },
      { id: "a.csv#1.10", text: "two", metadata: { price: 3 } },
    ]);
  });

  test("rows of empty cells alone are reported", async () => {
    expect((await load("a.csv", ",,\n,,\n")).problems).toMatchObject([{ code: "no-text" }]);
  });

  test("rows beyond the limit are reported as cut", async () => {
    const { documents, problems } = await load("a.csv", "id,text\n1,a\n2,b\n3,c\n4,d", {
      rowsMax: 2,
    });
    expect(documents).toHaveLength(2);
    expect(problems).toMatchObject([{ code: "rows-cut" }]);
  });
});

describe("JSONL", () => {
  test("a record keeps its id, title, text and metadata", async () => {
    const line = {
      _id: "d1",
      title: "T",
      text: "Body.",
      metadata: { collection: "c", n: 2, tags: ["a"], nested: {} },
    };
    const { documents, problems } = await load("corpus.jsonl", `${JSON.stringify(line)}\n`);
    expect(problems).toEqual([]);
    expect(documents).toEqual([
      {
        id: "corpus.jsonl#d1",
        source: "corpus.jsonl",
        title: "T",
        text: "Body.",
        sections: [],
        kind: "prose",
        metadata: { collection: "c", n: 2, tags: ["a"] },
      },
    ]);
  });

  const shapes: readonly (readonly [string, object, object])[] = [
    ["content", { id: 7, content: "x" }, { id: "a.jsonl#7", title: "a 7", text: "x" }],
    [
      "question and answer",
      { question: "Q?", answer: "A." },
      { id: "a.jsonl#1", title: "Q?", text: "A." },
    ],
    [
      "other fields",
      { text: "x", n: 1, deep: { a: 1 }, none: null },
      { text: 'x\n\ndeep: {"a":1}', metadata: { n: 1 } },
    ],
    ["no text at all", { name: "Tea", price: 3 }, { title: "Tea", text: "name: Tea\nprice: 3" }],
    ["hidden characters", { text: "a\u200B\u202Eb\u{E0041}c" }, { text: "abc" }],
  ];
  test.each(shapes)("reads %s", async (_, record, expected) => {
    const { documents } = await load("a.jsonl", JSON.stringify(record));
    expect(documents[0]).toMatchObject(expected);
  });

  test("a hostile key is left out", async () => {
    const line = '{"text":"x","metadata":{"__proto__":"p","constructor":"c","ok":1}}';
    const { documents } = await load("a.jsonl", line);
    expect(documents[0]?.metadata).toEqual({ ok: 1 });
    expect(Object.getPrototypeOf(documents[0]?.metadata)).toBe(Object.prototype);
  });

  const badLines: readonly (readonly [string, string])[] = [
    ["broken JSON", '{"text": "x"'],
    ["a number", "7"],
    ["a record without text", '{"id": "z"}'],
    ["nesting without end", `{"text":${"[".repeat(1_000_000)}`],
  ];
  test.each(badLines)(
    "%s in one line is reported with its number and the rest goes on",
    async (_, bad) => {
      const { documents, problems } = await load(
        "a.jsonl",
        `{"text":"one"}\n\n${bad}\n{"text":"four"}\n`,
      );
      expect(documents.map(({ id }) => id)).toEqual(["a.jsonl#1", "a.jsonl#4"]);
      expect(problems).toMatchObject([{ code: "bad-record", severity: "error" }]);
      expect(problems[0]?.message).toMatch(/^a\.jsonl: line 3 /);
    },
  );

  test("many bad lines are counted, not listed", async () => {
    const { documents, problems } = await load("a.jsonl", `${"{bad\n".repeat(500)}{"text":"x"}`, {
      problemsMax: 5,
    });
    expect(documents).toHaveLength(1);
    expect(problems).toHaveLength(6);
    expect(problems.at(-1)?.message).toContain("495 more");
  });
});

describe("numbers that a double cannot hold", () => {
  const LONG = "1234567890123456789";

  test("are two ids where they are two", async () => {
    const lines = `{"id":${LONG},"text":"one"}\n{"id":1234567890123456790,"text":"two"}`;
    const { documents, problems } = await load("a.jsonl", lines);
    expect(problems).toEqual([]);
    expect(documents.map(({ id }) => id)).toEqual([
      `a.jsonl#${LONG}`,
      "a.jsonl#1234567890123456790",
    ]);
  });

  test("keep their digits in text and metadata, at every depth", async () => {
    const line = `{"text":"x","n":${LONG},"all":[${LONG},2],"deep":{"n":${LONG},"d":0.1}}`;
    const { documents } = await load("a.jsonl", line);
    expect(documents[0]?.metadata).toEqual({ n: LONG, all: [LONG, "2"] });
    expect(documents[0]?.text).toBe(`x\n\ndeep: {"n":${LONG},"d":0.1}`);
  });

  test.each([
    ["1234567890123456789", "1234567890123456789"],
    ["-0.12345678901234567890", "-0.12345678901234567890"],
    ["1e400", "1e400"],
    ["9007199254740993", "9007199254740993"],
    ["9007199254740991", "9007199254740991"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["1.50", "1.5"],
    ["1e3", "1000"],
  ])("%s in a document is %s", async (source, shown) => {
    const { documents } = await load("a.json", `{"account":${source}}`);
    expect(documents[0]?.text).toBe(`{\n  "account": ${shown}\n}`);
  });
});

describe("JSON", () => {
  test("an array of objects is a document each", async () => {
    const { documents, problems } = await load("a.json", '[{"id":"x","text":"one"},"two",[3]]');
    expect(documents.map(({ id, text }) => [id, text])).toEqual([
      ["a.json#x", "one"],
      ["a.json#2", "two"],
    ]);
    expect(problems[0]?.message).toContain("item 3");
  });

  test("anything else is one document, pretty-printed", async () => {
    const { documents } = await load("config.json", '{"a":{"b":[1]}}');
    expect(documents[0]).toMatchObject({
      id: "config.json",
      kind: "code",
      text: JSON.stringify({ a: { b: [1] } }, null, 2),
    });
  });

  test("broken JSON names the line", async () => {
    const { problems } = await load("a.json", '{\n  "a": 1,\n  oops\n}');
    expect(problems).toMatchObject([{ code: "damaged" }]);
    expect(problems[0]?.message).toContain("line 3");
  });

  test("a million levels are refused", async () => {
    const { documents, problems } = await load("a.json", "[".repeat(1_000_000));
    expect(documents).toEqual([]);
    expect(problems).toMatchObject([{ code: "too-deep" }]);
  });
});
