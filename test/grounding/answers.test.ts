/** Answers in the shapes in which models write them, over pages of many kinds, from answers.txt: read as a whole, sentence by sentence. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Passage } from "../../src/domain/event.ts";
import { createGround } from "../../src/grounding/ground.ts";
import { toPassage } from "../support/run.ts";

interface AnswerCase {
  readonly kind: string;
  readonly answer: string;
  readonly isLie: boolean;
  readonly passages: ReadonlyMap<number, Passage>;
}

const unescape = (text: string): string => text.replaceAll(String.raw`\n`, "\n");

/** `# page`, its passages `1: ...`, and below them answers: `T kind: ...` is true, `L kind: ...` is not. */
async function readAnswers(): Promise<readonly AnswerCase[]> {
  const text = await readFile(new URL("answers.txt", import.meta.url), "utf8");
  return text.split(/^# .*\n/mu).flatMap((page) => {
    const passages = new Map(
      Array.from(page.matchAll(/^(\d): (.*)$/gmu), ([, label, said = ""]) => {
        return [Number(label), toPassage(Number(label), unescape(said))] as const;
      }),
    );
    return Array.from(
      page.matchAll(/^([TL]) (\w+): (.*)$/gmu),
      ([, mark, kind = "", answer = ""]) => {
        return { kind, answer: unescape(answer), isLie: mark === "L", passages };
      },
    );
  });
}

function check({ answer, passages }: AnswerCase): readonly string[] {
  const ground = createGround(passages);
  return [...ground.push(answer), ...ground.end()]
    .filter((one) => one.check.framing !== true)
    .map((one) => one.check.verdict);
}

const cases = await readAnswers();

describe("in a lie something is not supported", () => {
  test.each(cases.filter(({ isLie }) => isLie))("$kind: $answer", (one) => {
    expect(new Set(check(one))).not.toEqual(new Set(["supported"]));
  });
});

describe("of what is true nothing is unsupported", () => {
  test.each(cases.filter(({ isLie }) => !isLie))("$kind: $answer", (one) => {
    expect(check(one)).not.toContain("unsupported");
  });
});
