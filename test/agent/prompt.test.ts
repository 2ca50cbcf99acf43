import { expect, test } from "vitest";
import {
  toGatherMessages,
  toPlanMessages,
  toPrompt,
  toRewriteMessages,
  toSource,
  toTurns,
} from "../../src/agent/prompt.ts";
import type { Turn } from "../../src/domain/ask.ts";
import { estimateTokens } from "../../src/text/tokens.ts";
import { toPassage } from "../support/run.ts";

const user = (content: string): Turn => ({ role: "user", content });
const assistant = (content: string): Turn => ({ role: "assistant", content });
const long = (first: string, words: number): string => `${first} ${"and so on ".repeat(words)}`;

test("the latest turns that fit are kept, and of the first that does not its beginning", () => {
  const history = [
    user("What is long gone?"),
    user(long("Ten things:", 900)),
    assistant("There are ten."),
    user("Which?"),
  ];
  const turns = toTurns(history);
  expect(turns).toHaveLength(3);
  expect(turns[0]?.content).toMatch(/^Ten things: .*…$/);
  expect(turns.slice(1)).toEqual(history.slice(2));
  const tokens = turns.reduce((sum, { content }) => sum + estimateTokens(content), 0);
  expect(tokens).toBeGreaterThan(1_800);
  expect(tokens).toBeLessThan(2_010);
});

test("an answer longer than all that fits is not lost: the follow-up is about it", () => {
  const turns = toTurns([user("Name the steps."), assistant(long("First, stop.", 3_000))]);
  expect(turns).toHaveLength(1);
  expect(turns[0]).toMatchObject({
    role: "user",
    content: expect.stringMatching(/^You said before: First, stop\./),
  });
});

test("a cut leaves no half character, and a rest too small to say anything is left out", () => {
  const [turn] = toTurns([user("😀".repeat(9_001))]);
  expect(turn?.content.isWellFormed()).toBe(true);
  const filling = user("word ".repeat(1_960));
  expect(estimateTokens(filling.content)).toBeGreaterThan(1_950);
  expect(toTurns([user(long("Old.", 900)), filling])).toEqual([filling]);
});

test("a turn of blanks, which count as no tokens, is cut all the same", () => {
  const blanks = user(`Why? ${" ".repeat(1_000_000)}And how?`);
  const turns = toTurns([blanks]);
  expect(turns.map(({ content }) => content.length)).toEqual([expect.closeTo(32_000, -3)]);
  const { messages } = toPrompt("And then?", [], { history: [blanks] });
  expect(JSON.stringify(messages).length).toBeLessThan(50_000);
});

test("a greeting that opens the conversation is told by the user, who must speak first", () => {
  expect(toTurns([assistant("Hello!"), user("What is jitter?"), assistant("A wait.")])).toEqual([
    user("You said before: Hello!"),
    user("What is jitter?"),
    assistant("A wait."),
  ]);
});

test("what fits stays as it is", () => {
  const history = [user("What is jitter?"), assistant("A random wait."), user("Why?")];
  expect(toTurns(history)).toEqual(history);
  expect(toTurns([])).toEqual([]);
});

const passages = [toPassage(1, "Retries are spread by jitter.")];

test("labels of earlier answers, whose numbers mean other passages now, do not stand beside them", () => {
  const history = [
    user("What does [1] say of jitter?"),
    assistant("Jitter spreads retries [2][3]. Of `rows[1]` it says nothing. [1]"),
    user("Why?"),
    assistant("[1]"),
  ];
  const told = [
    user("What does [1] say of jitter?"),
    assistant("Jitter spreads retries. Of `rows[1]` it says nothing."),
    user("Why?"),
  ];
  const { messages } = toPrompt("And then?", passages, { history });
  expect(messages.slice(1, -1)).toEqual(told);
  expect(messages[0]?.content).toContain("Earlier answers stand here without their labels");
  const gathering = toGatherMessages({ question: "And then?", history }, passages);
  expect(gathering.slice(1, -1)).toEqual(told);
  // Where no passage stands beside it, a question about [2] is about the sentence that bears it.
  const planning = toPlanMessages({ question: "What more of [2]?", history }, 2);
  expect(planning.slice(1, -1)).toEqual(history);
});

test("a first question is not told of earlier answers", () => {
  expect(toPrompt("What is jitter?", passages).messages[0]?.content).not.toContain("Earlier");
});

test("a document that is called like its first heading is named once", () => {
  const passage = {
    ...toPassage(1, "Jitter spreads them."),
    title: "Retries",
    location: { headings: ["Retries", "Jitter"] },
  };
  expect(toSource(passage, "f")).toContain("<f>\nRetries › Jitter\n\n");
  expect(toSource({ ...passage, title: "" }, "f")).toContain("<f>\nRetries › Jitter\n\n");
});

test("a question that is to stand alone is asked for without what nobody sees of it", () => {
  const history = [user("What is a\u200b breaker?")];
  const [, asked] = toRewriteMessages({ question: "And when\u{e0041} does it open?", history });
  expect(asked?.content).toBe(
    "user: What is a breaker?\n\nThe last question: And when does it open?",
  );
});

test("what fences the passages is new for each prompt, and costs little beside them", () => {
  const read = (): string => {
    const { messages, secrets } = toPrompt("What?", [toPassage(1, "It is so.")]);
    const [fence = ""] = secrets;
    expect(messages.at(-1)?.content).toContain(`<${fence}>\n`);
    expect(messages.at(-1)?.content).toContain(`\n</${fence}>`);
    return fence;
  };
  const fences = Array.from({ length: 50 }, read);
  expect(new Set(fences).size).toBe(50);
  for (const fence of fences) expect(fence).toMatch(/^[a-z]{12}$/);
});
