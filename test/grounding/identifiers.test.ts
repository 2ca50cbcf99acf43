import { expect, test } from "vitest";
import { chooseFrom } from "../support/choose-from.ts";
import { toPassage } from "../support/run.ts";

const settings = [
  "| Variable | Default | Meaning |",
  "|---|---|---|",
  "| `RUNS_MAX` | `1024` | Runs at the same time. |",
  "| `RUN_TOKENS_MAX` | `200000` | Tokens of all calls of a run. |",
  "| `ANSWER_CACHE_RUNS_MAX` | `0` | Runs whose answers are kept. |",
];
const table = toPassage(1, settings.join("\n"), { title: "Settings" });

test("an identifier of the question names the row that has it whole, not those that have its words", async () => {
  expect(await chooseFrom("What is the default of RUNS_MAX?", table)).toEqual([settings[2]]);
  expect(await chooseFrom("default of run_tokens_max", table)).toEqual([settings[3]]);
});

test("a sentence with only the words of an identifier is not quoted beside one that has it", async () => {
  const text =
    "The journal keeps the runs up to a max of 128 MiB. `RUNS_MAX` is how many runs go at once.";
  const chosen = await chooseFrom("What does RUNS_MAX do to the runs?", toPassage(1, text));
  expect(chosen[0]).toBe("`RUNS_MAX` is how many runs go at once.");
});

test("an option is one with all its dashes", async () => {
  const text =
    "A dry run costs nothing. `--dry-run` shows what would change. To run dry is bad for pumps.";
  const chosen = await chooseFrom("What does --dry-run show?", toPassage(1, text));
  expect(chosen[0]).toBe("`--dry-run` shows what would change.");
});

test("where nothing has the identifier its words count as ever", async () => {
  const text = "At most 1024 runs go at the same time: that is the max of runs.";
  expect(await chooseFrom("What is RUNS_MAX?", toPassage(1, text))).toEqual([text]);
});
