import { describe, expect, test } from "vitest";
import { load } from "../fixtures/load.ts";

async function read(body: string | Uint8Array): Promise<string> {
  const { documents, problems } = await load("page.html", body);
  expect(problems).toEqual([]);
  return documents[0]?.text ?? "";
}

/** Bytes of an encoding with one byte a character, by asking its decoder. */
function encode(text: string, encoding: string): Uint8Array {
  const all = Uint8Array.from({ length: 256 }, (_, at) => at);
  const letters = new TextDecoder(encoding).decode(all);
  return Uint8Array.from(text, (letter) => letters.indexOf(letter));
}

describe("a table says of every cell which row and column it is of", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      "a cell over two rows",
      "<tr><th>Plan<th>Place<th>Price<tr><td rowspan=2>Gold<td>EU<td>90<tr><td>US<td>80",
      ["| Gold | EU | 90 |", "| Gold | US | 80 |"],
    ],
    [
      "a cell over the rest of its group, and none beyond it",
      "<tbody><tr><td rowspan=0>Gold<td>EU<tr><td>US</tbody><tbody><tr><td>Iron<td>UK</tbody>",
      ["| Gold | EU |", "| Gold | US |", "| Iron | UK |"],
    ],
    [
      "a cell over two columns",
      "<tr><th>Plan<th colspan=2>Price<tr><td>Gold<td>90<td>80",
      ["| Plan | Price | Price |", "| Gold | 90 | 80 |"],
    ],
    [
      "a cell over a whole row, which says its words once",
      "<tr><td>A<td>B<tr><td colspan=2>Prices of May<tr><td>1<td>2",
      ["| Prices of May |  |", "| 1 | 2 |"],
    ],
    ["a break", "<tr><td>One<br>Two<td>x", ["| One Two | x |"]],
    ["paragraphs", "<tr><td><p>One</p><p>Two</p><td>x", ["| One Two | x |"]],
    ["a list", "<tr><td><ul><li>One</li><li>Two</li></ul><td>x", ["| One Two | x |"]],
    ["words within a word", "<tr><td>H<sub>2</sub>O<td><b>bo</b>ld", ["| H2O | bold |"]],
    ["a caption", "<caption>Prices of May</caption><tr><td>A<td>1", ["Prices of May", "| A | 1 |"]],
  ];
  test.each(cases)("%s", async (_, rows, lines) => {
    const text = await read(`<p>Before.</p><table>${rows}</table><p>After.</p>`);
    for (const line of lines) expect(text.split("\n")).toContain(line);
  });

  test("spans without end cost nothing", async () => {
    const cell = `<td rowspan=65534 colspan=1000>${"long words ".repeat(200)}</td>`;
    const text = await read(`<table>${`<tr>${cell.repeat(20)}</tr>`.repeat(50)}</table>`);
    expect(text.length).toBeLessThan(6_000_000);
  });
});

describe("every part that a page marks as its content is kept", () => {
  const long = "A sentence of the long article that goes on for a while. ".repeat(60);
  const articles = `<article><h2>First</h2><p>Alpha words.</p></article><article><h2>Second</h2><p>${long}</p></article><article><h2>Third</h2><p>Gamma words.</p></article>`;
  const cases: readonly (readonly [string, string])[] = [
    ["beside each other", `<body>${articles}</body>`],
    ["in a list", `<body><div><div>${articles}</div></div></body>`],
    ["in several main parts", `<body><main>${articles}</main><main><p>Delta.</p></main></body>`],
  ];
  test.each(cases)("articles %s", async (_, page) => {
    const text = await read(page);
    for (const word of ["# First", "Alpha words.", "# Second", "# Third", "Gamma words."])
      expect(text).toContain(word);
    expect(text.match(/Alpha words/g)).toHaveLength(1);
    expect(text.indexOf("Alpha")).toBeLessThan(text.indexOf("Gamma"));
  });
});

describe("a page is read in the encoding that it declares", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["iso-8859-2", "Opłata za wypożyczenie łodzi wynosi dziesięć złotych."],
    ["iso-8859-7", "Η τιμή είναι δέκα ευρώ."],
    ["iso-8859-9", "İstanbul'da ücret on liradır, şehir dışında değil."],
    ["windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy."],
    ["windows-1251", "Цена десять рублей."],
  ];
  test.each(cases)("%s", async (encoding, words) => {
    const meta = `<html><head><meta charset="${encoding}"></head><body><p>`;
    const bytes = Buffer.concat([Buffer.from(meta), encode(words, encoding)]);
    expect(await read(bytes)).toBe(words);
    const old = `<meta http-equiv='Content-Type' content='text/html; charset=${encoding}'><p>`;
    expect(await read(Buffer.concat([Buffer.from(old), encode(words, encoding)]))).toBe(words);
  });

  test("UTF-8 is UTF-8 whatever is declared", async () => {
    expect(await read('<meta charset="iso-8859-2"><p>Opłata</p>')).toBe("Opłata");
  });

  test.each(["utf-8", "utf-16", "iso-2022-jp", "nonsense"])(
    "%s that is none is guessed, with a warning",
    async (declared) => {
      const german = `<meta charset=${declared}><p>Die Straße führt über die Brücke; größere Häuser säumen sie.`;
      const { documents, problems } = await load("page.html", Buffer.from(german, "latin1"));
      expect(problems).toMatchObject([{ code: "encoding-guessed", severity: "warning" }]);
      expect(documents[0]?.text).toContain("größere Häuser");
    },
  );
});

test.each([
  [
    "a heading's link to itself is no part of it",
    '<h2>Install<a class="headerlink" href="#install" title="Permalink">¶</a></h2><p>Run it.</p><h2><a href="#c">C#</a></h2>',
    "## Install\n\nRun it.\n\n## C#",
  ],
  [
    "the title of a part does not run into its text",
    "<details><summary>More</summary>Details here.</details><fieldset><legend>Size</legend>Large</fieldset>",
    "More\n\nDetails here.\n\nSize\n\nLarge",
  ],
  [
    "a raised number is not a digit of the number before it",
    "<p>About 10<sup>6</sup> users, 10<sup>-3</sup> m<sup>2</sup>, in 2024<sup>3</sup> and 1999<sup>3,4</sup>, the 5<sup>th</sup>.</p><table><tr><th>Size<th>Users</tr><tr><td>Large<td>10<sup>9</sup></td></tr></table>",
    "About 10^6 users, 10^-3 m2, in 2024^3 and 1999^3,4, the 5th.\n\n| Size | Users |\n| --- | --- |\n| Large | 10^9 |",
  ],
  [
    "the mark of a note is no text, nor is the way back from it",
    "<p>The price<sup><a href='#n1'>1</a></sup> of 2024<a href='#n2'><sup>[b]</sup></a> is x<sup><a href='/powers#x'>power</a></sup>.</p><ol><li>In euros. <a href='#r1'>↩︎</a></li></ol>",
    "The price of 2024 is xpower.\n\n1.  In euros.",
  ],
  [
    "lines of code that are broken by elements are lines",
    '<p>Run:</p><pre class="language-sh"><code><span><b># get it</b><br></span><span>npm i</span><br></code></pre>',
    "Run:\n\n```\n# get it\nnpm i\n```",
  ],
  [
    "lines of code that are elements are lines",
    '<pre class="hljs"><code><div>a</div><div>\n</div><div>  b</div></code></pre><p>End.</p>',
    "```\na\n\n  b\n```\n\nEnd.",
  ],
  [
    "code that only its frame marks is code, without the numbers of its lines",
    '<div class="highlight"><pre><span></span><span class="linenos">1</span># a comment\n<span class="linenos">2</span>x = 1</pre></div><table class="highlighttable"><tr><td class="linenos"><pre>1\n2</pre></td><td class="code"><div class="highlight"><pre>y\nz</pre></div></td></tr></table>',
    "```\n# a comment\nx = 1\n```\n\n```\ny\nz\n```",
  ],
  [
    "what is only set as it was typed is no code",
    "<pre>A line of a poem\n  and another.</pre>",
    "A line of a poem\n  and another.",
  ],
  [
    "the sign that links a definition to itself is no text, a link of words is",
    "<dl><dt>run(a)<a class='headerlink' href='#run'>¶</a><dd>Runs, see <a href='#a'>a</a>.</dl>",
    "- run(a): Runs, see a.",
  ],
])("%s", async (_, body, text) => {
  expect(await read(body)).toBe(text);
});

test.each([
  [
    "a picture is what it is in words, and not its bytes",
    '<p>Before <img src="data:image/png;base64,AAAA" alt="The flow of work">, after<img src="https://example.org/seen">.</p>',
    "Before The flow of work, after.",
  ],
  [
    "a picture in a cell too",
    '<table><tr><th>Plan<th>Backup<tr><td>Team<td><img src="yes.png" alt="Yes"></table>',
    "| Plan | Backup |\n| --- | --- |\n| Team | Yes |",
  ],
  [
    "a table of one column is no table: it frames what is in it",
    "<table><tr><td><p>One paragraph.</p><ul><li>a</li></ul></td></tr><tr><td>Another.</td></tr></table>",
    "One paragraph.\n\n-   a\n\nAnother.",
  ],
])("%s", async (_, body, text) => {
  expect(await read(`<main>${body}</main>`)).toBe(text);
});

describe("a list of terms says of every meaning what it is of", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      "several terms of one meaning, which has paragraphs",
      "<dl><dt><p>-q </p><dt><code>--quiet</code>\n<dd><p>Says nothing.</p><p>Not even errors.</p><dt>-v<dd>Says more.</dl>",
      "- -q, `--quiet`: Says nothing.\n\n  Not even errors.\n- -v: Says more.",
    ],
    [
      "a question is followed by its answer",
      "<dl><dt>May I?</dt><dd>You may.</dd></dl>",
      "- May I? You may.",
    ],
    [
      "a list within a meaning, and code before all else",
      "<dl><dt>mode</dt><dd>One of:<dl><dt>soft</dt><dd>Keeps all.</dd></dl></dd><dt>run</dt><dd><pre><code>go</code></pre></dd></dl><p>End.</p>",
      "- mode: One of:\n\n  - soft: Keeps all.\n- run:\n\n  ```\n  go\n  ```\n\nEnd.",
    ],
    [
      "entries that are grouped, a term without a meaning",
      "<dl><div><dt>a</dt><dd>One.</dd></div><div><dt>b</dt><dd>Two.</dd><dd>Also three.</dd></div><dt>c</dt></dl>",
      "- a: One.\n- b: Two.\n\n  Also three.\n- c",
    ],
    [
      "a list that lays out a page is none",
      "<dl><dt><h2>Chapter</h2></dt><dd>Text.</dd></dl>",
      "## Chapter\n\nText.",
    ],
  ];
  test.each(cases)("%s", async (_, body, text) => {
    expect(await read(`<main>${body}</main>`)).toBe(text);
  });
});

describe("what generators of documentation write", () => {
  const words = "A sentence that explains what the setting does and when it is read. ".repeat(9);
  /** As DocBook writes a chapter. */
  const chapter = (title: string, text: string): string =>
    `<div class="sect2" title="${title}"><div class="titlepage"><div><div><h3 class="title">${title}</h3></div></div></div><p>${text}</p></div>`;
  const book = `<html><head><title>20.3. Connections</title></head><body><div class="navheader"><table><tr><th>20.3. Connections</th></tr><tr><td><a href="a.html">Prev</a></td><td><a href="b.html">Next</a></td></tr></table></div><div class="sect1"><div class="titlepage"><div><div><h2 class="title">20.3. Connections</h2></div></div></div><div class="toc"><dl class="toc"><dt><a href="#s">Settings</a></dt><dt><a href="#t">Safety</a></dt></dl></div>${chapter("Settings", words.repeat(4))}${chapter("Safety", words.repeat(3))}</div><div class="navfooter"><a href="a.html">Prev</a> <a href="b.html">Next</a></div></body></html>`;

  test("all chapters of a page and their headings, and no way to other pages", async () => {
    const text = await read(book);
    const outline = text.split("\n").filter((line) => line.startsWith("#"));
    expect(outline).toEqual(["## 20.3. Connections", "### Settings", "### Safety"]);
    expect(text).not.toMatch(/Prev|Next/);
    expect(text).toContain("Settings\n\nA sentence");
  });

  test("the header of a manual page", async () => {
    const page = `<body><div id="header"><h1>git-reset(1) Manual Page</h1><h2>NAME</h2><div class="sectionbody"><p>git-reset - Reset HEAD</p></div></div><div id="content"><div class="sect1"><h2>OPTIONS</h2><div class="sectionbody"><p>${words.repeat(6)}</p></div></div></div></body>`;
    const text = await read(page);
    expect(text).toContain(
      "# git-reset(1) Manual Page\n\n## NAME\n\ngit-reset - Reset HEAD\n\n## OPTIONS",
    );
  });

  test("the title of a note is no heading, nor is its frame a table", async () => {
    const note = '<div class="note"><h3 class="title">Note</h3><p>Not on Windows.</p></div>';
    const framed =
      '<div class="warning"><table><tr><td rowspan="2"><img alt="[Warning]" src="w.png"></td><th>Warning</th></tr><tr><td><p>Keep a copy.</p></td></tr></table></div>';
    expect(await read(`<main><h2>Settings</h2>${note}${framed}<p>More.</p></main>`)).toBe(
      "## Settings\n\nNote\n\nNot on Windows.\n\nWarning\n\nKeep a copy.\n\nMore.",
    );
  });

  test("a page that is its table of contents keeps it", async () => {
    expect(
      await read('<main><ul class="toc"><li><a href="#a">Alpha</a></li></ul></main>'),
    ).toContain("Alpha");
  });

  test("so does one whose article is, whatever stands around it", async () => {
    const around = `<div class="sphinxsidebar">${"Other pages of the site. ".repeat(20)}</div>`;
    const list =
      '<div class="toctree-wrapper"><ul><li><a href="w.html">wave: read and write WAV files</a></li></ul></div>';
    const page = `${around}<div role="main"><h1>Media</h1><p>These modules play.</p>${list}</div>`;
    expect(await read(`<html><body>${page}</body></html>`)).toContain("read and write WAV files");
  });

  test.each([
    ["shutil — File operations — Python 3.11 documentation", "shutil — File operations¶"],
    ["Quick start | Site", "Quick start"],
  ])("the title %s is that of the page, not of the site", async (title, heading) => {
    const { documents } = await load(
      "page.html",
      `<html><head><title>${title}</title></head><body><h1>${heading}</h1><p>Words.</p></body></html>`,
    );
    expect(documents[0]?.title).toBe(heading.replace("¶", ""));
  });

  test("a drawing whose parts end at once is no nesting", async () => {
    const parts = '<path2 d="M0" /><polyline points="1,2"/>'.repeat(400);
    expect(await read(`<p>Before.</p><svg>${parts}</svg><p>After.</p>`)).toBe("Before.\n\nAfter.");
  });
});
