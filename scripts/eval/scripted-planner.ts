/** A chat model that plans with given sub-questions and reads on from what it finds, without knowing any answer. */
import type { ChatDelta, ChatModel, ChatRequest } from "../../src/models/model.ts";

/** Passages that a sub-agent follows at once, and how far it reads them. */
const FOLLOWED_MAX = 2;
const FOLLOWED_CHARS = 300;
const REFERENCE = /#(\d)/g;

/**
 * Plans `hops`, in which `#1` stands for the answer to the first. As nobody knows that answer before the
 * search, a sub-question names it by its own question; a sub-agent then searches again with what it
 * has found in that place. The answer is a refusal: only what is found counts here.
 */
export function createScriptedPlanner(hops: readonly string[]): ChatModel {
  const questions = hops.map((hop) => nest(hop, hops));
  return {
    id: "scripted-planner",
    async *stream(request) {
      await Promise.resolve();
      yield* reply(request, hops, questions);
    },
  };
}

function* reply(
  { messages, tools }: ChatRequest,
  hops: readonly string[],
  questions: readonly string[],
): Iterable<ChatDelta> {
  if (tools === undefined) {
    const isPlan = messages.some(({ content }) => content.includes("JSON list of strings"));
    yield { type: "text", text: isPlan ? JSON.stringify(questions) : "NO_ANSWER" };
    yield { type: "finish", reason: "stop" };
    return;
  }
  const said = messages.findLast(({ role }) => role === "user")?.content ?? "";
  const index = questions.findIndex((question) => said.endsWith(`Question: ${question}`));
  const hop = hops[index] ?? "";
  const isFirst = messages.at(-1)?.role === "user";
  if (!isFirst || !hop.match(REFERENCE)) {
    yield { type: "text", text: "DONE" };
    yield { type: "finish", reason: "stop" };
    return;
  }
  const queries = readPassages(said)
    .slice(0, FOLLOWED_MAX)
    .map((text) => hop.replaceAll(REFERENCE, () => text));
  const calls = queries.map((query, at) => ({
    id: `follow-${at}`,
    name: "search",
    arguments: JSON.stringify({ query }),
  }));
  if (calls.length > 0) yield { type: "tool-calls", calls };
  yield { type: "finish", reason: calls.length > 0 ? "tool-calls" : "stop" };
}

/** The sub-question with each `#n` replaced by the question it stands for. */
function nest(hop: string, hops: readonly string[]): string {
  const nested = hop.replaceAll(REFERENCE, (reference, digit: string) => {
    const before = hops[Number(digit) - 1];
    return before === undefined || before === hop ? reference : nest(before, hops);
  });
  return nested.replaceAll(">>", "").replaceAll(/\s+/g, " ").trim();
}

/** The beginnings of the passages in a prompt, which hold the answer as likely as anything: title and first words. */
function readPassages(prompt: string): readonly string[] {
  const found = [...prompt.matchAll(/^\[\d+\]\n<[^>]+>\n([^]+?)\n<\//gm)];
  return found.map(([, text = ""]) => text.replaceAll(/\s+/g, " ").slice(0, FOLLOWED_CHARS));
}
