/** Entries of lists of terms: what goes on with one is about its term. */
import { expect, test } from "vitest";
import { quote } from "../../src/agent/quote.ts";
import { addEntries } from "../../src/grounding/entries.ts";
import { toCandidates } from "../../src/grounding/extract/candidates.ts";
import { scoreSentences } from "../../src/grounding/extract/extractive.ts";
import { splitSentences } from "../../src/text/sentences.ts";
import { chooseFrom } from "../support/choose-from.ts";
import { wordEmbedder } from "../support/collections.ts";
import { createTestRun, toPassage } from "../support/run.ts";

const settings = `## Connections

- listen_addresses (string): Specifies the addresses on which the server listens. The default value is localhost.
- max_connections (integer): Determines how many clients are served at a time. The default is typically 100.

  Increasing the value takes more shared memory.
- reserved_connections (integer): Determines how many slots are kept for some roles. The default value is zero. The value must be less than max_connections.
- port (integer): The server listens on 5432 by default. Note that the same port is used for all addresses.`;
const passage = toPassage(1, settings, { title: "Settings" });
/** Of the same document, and found first: it names the setting again and again. */
const naming = toPassage(
  1,
  "A standby sizes what it needs by max_connections. Keep max_connections in step with the primary.",
  { title: "Standby" },
);

test.each([
  ["What is the default max_connections?", "The default is typically 100."],
  ["What is the default of listen_addresses?", "The default value is localhost."],
  ["What is the default value of reserved_connections?", "The default value is zero."],
])("%s is answered by the second sentence of its entry", async (question, answer) => {
  const chosen = await chooseFrom(question, { ...naming }, { ...passage, label: 2 });
  expect(chosen).toContain(answer);
  const others = ["The default is typically 100.", "localhost", "is zero"].filter(
    (one) => !answer.includes(one),
  );
  for (const other of others) expect(chosen.join("\n")).not.toContain(other);
  expect(chosen.join("\n")).not.toContain("standby");
});

test("two sentences of one entry are not quoted as the whole list", async () => {
  const list =
    "- host: The server listens on localhost.\n- port: The server listens on 5432 by default. The default port is the same for all addresses.\n- roles: Some slots are kept.";
  const chosen = await chooseFrom(
    "What is the default port?",
    toPassage(1, `## Settings\n\n${list}`),
  );
  expect(chosen).toEqual([
    "- port: The server listens on 5432 by default.",
    "The default port is the same for all addresses.",
  ]);
});

const first = "- max_connections (integer): Determines how many clients are served at a time.";
const second = "The default is typically 100.";

async function ask(text: string): Promise<{ answer: string; shown: readonly string[] }> {
  const run = createTestRun();
  using _ = run.deadline;
  const entry = toPassage(1, text, { title: "Settings", start: 300, end: 300 + text.length });
  const question = "What is the default max_connections?";
  await quote({ question, grounding: "flag" }, [entry], wordEmbedder, run);
  const answer = run.events
    .map((event) => (event.type === "text-delta" ? event.text : ""))
    .join("");
  const cited = run.events.flatMap((event) => (event.type === "citation" ? [event] : []));
  const shown = cited.flatMap(({ start, end, evidence }) => {
    const said = entry.text.slice(evidence.start - 300, evidence.end - 300);
    expect(said.replace(/^- /, "")).toBe(answer.slice(start, end));
    return said;
  });
  return { answer, shown };
}

test("behind the sentence with the term it is not said again", async () => {
  const { answer, shown } = await ask(`${first} ${second}`);
  expect(answer).toBe(`${first.slice(2)} [1] ${second} [1]`);
  expect(shown).toEqual([first, second]);
});

test("elsewhere the term is shown, and cited where it stands", async () => {
  const { answer, shown } = await ask(`${first} Never set it lightly, whatever you do. ${second}`);
  expect(answer).toContain(`max_connections – ${second} [1]`);
  expect(shown.slice(0, 2)).toEqual(["max_connections", second]);
});

const manual = `OPTIONS
       -b, --base-dir BASE_DIR
           The default base directory for the system if no other is given.

       -m, --create-home
           Create the user's home directory if it does not exist. The files of
           the skeleton are copied to it.

           No home directories are created by default.

       -M, --no-create-home
           Do not create anything for the user, even if it is set so.`;

test.each([
  [
    "What creates the user's home directory?",
    "-m, --create-home – Create the user's home directory if it does not exist.",
  ],
  [
    "What copies files of the skeleton?",
    "-m, --create-home – The files of the skeleton are copied to it.",
  ],
  ["What is the default base directory?", "-b, --base-dir BASE_DIR – The default base directory"],
])("%s: an option of a manual page is named with what it does", async (question, expected) => {
  const run = createTestRun();
  using _ = run.deadline;
  await quote({ question, grounding: "flag" }, [toPassage(1, manual)], wordEmbedder, run);
  const answer = run.events.map((one) => (one.type === "text-delta" ? one.text : "")).join("");
  expect(answer).toContain(expected);
  expect(answer).not.toMatch(/^-\S, \S+( \S+)? \[1\]/m);
});

test.each([
  [
    "Which protection class has the FM 25?",
    "# Flow meter FM 25\n\n## Safety\n\nKeep it away from fire.\n\n## Data\n\n- Weight: 1.4 kg\n- Protection class: IP 67",
    "- Protection class: IP 67",
  ],
  [
    "What is the default body limit?",
    "## listen\n\nThe port to listen on.\n\n## bodyLimit\n\nHow many bytes are taken.\n\n- Default: 1048576",
    "- Default: 1048576",
  ],
])(
  "%s is covered by an item that leaves to its place what it is about",
  async (question, text, item) => {
    const passage = toPassage(1, text);
    const scored = await scoreSentences(
      question,
      [passage],
      wordEmbedder,
      new AbortController().signal,
    );
    const own = scored.find(({ candidate }) => candidate.text === item);
    expect(own?.features.coverage).toBeCloseTo(1);
  },
);

test.each([
  ["what stands behind a blank line is not", "-m\n\n    Moves it.", [undefined, undefined]],
  ["another term ends it", "-m\n    Moves.\n-c\n    Copies.", [undefined, "-m", undefined, "-c"]],
  ["a line as far in as the term is not", "-m\n    Moves.\nDone.", [undefined, "-m", undefined]],
  ["what stands below a sentence is not", "It moves.\n    Further in.", [undefined, undefined]],
  ["one blank further in is not", "-m, --move\n Moves it.", [undefined, undefined]],
])("of an entry's meaning %s", (_what, text, terms) => {
  const spans = splitSentences(text);
  const places = addEntries(
    text,
    spans,
    spans.map(() => []),
  );
  expect(places.map((place) => place.at(-1))).toEqual(terms);
});

test.each([
  ["an option", manual, "-m, --create-home"],
  [
    "a heading",
    "1. Sales in the first quarter\n\nThey rose by a third.",
    "1. Sales in the first quarter",
  ],
])("%s is no answer by itself", (_what, text, line) => {
  expect(toCandidates(toPassage(1, text)).map((one) => one.text)).not.toContain(line);
});
