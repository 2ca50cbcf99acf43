/** Splits a question into parts that can be looked up side by side, while the question itself is searched. */
import * as z from "zod";
import { startDeadline } from "../async/deadline.ts";
import type { Ask } from "../domain/ask.ts";
import { AppError } from "../errors.ts";
import type { ChatModel } from "../models/model.ts";
import { type Run, withDeadline } from "../run.ts";
import type { Budget } from "./budget.ts";
import { isModelDown } from "./model-down.ts";
import { toPlanMessages } from "./prompt.ts";
import { takeTurn } from "./take-turn.ts";

export interface Plan {
  /** One at least; the question itself where there is nothing to split. */
  readonly questions: readonly string[];
  /** No model can be reached: there is no use in asking it again at once. */
  readonly isModelDown: boolean;
}

export interface Planning {
  /** Never rejects. */
  readonly plan: Promise<Plan>;
  /** Of the whole run; the planner's call is the first that counts. */
  readonly budget: Budget;
  /** Ends the model call where the run ends before it, and waits for its last event. */
  [Symbol.asyncDispose](): Promise<void>;
}

const OUTPUT_TOKENS_MAX = 500;
/** Of the time the run has left; the rest is for the search and the answer. */
const TIME_SHARE_MAX = 0.3;

/** Begins to plan. A planner that fails, is late or writes nonsense leaves the question whole, and the run says `plan_skipped`. */
export function startPlan(chat: ChatModel, ask: Ask, run: Run, budget: Budget): Planning {
  const left = new AbortController();
  const deadline = startDeadline({
    clock: run.clock,
    budgetMs: Math.min(run.config.planTimeoutMs, TIME_SHARE_MAX * run.deadline.remainingMs()),
    parent: AbortSignal.any([run.signal, left.signal]),
    stage: "plan",
  });
  const work = async (): Promise<Plan> => {
    try {
      const own = withDeadline(run, deadline);
      const questions = await run.timeline.stage("plan", [], () => split(chat, ask, own, budget));
      return { questions, isModelDown: false };
    } catch (thrown) {
      const whole: Plan = { questions: [ask.question], isModelDown: isModelDown(thrown) };
      if (run.signal.aborted || left.signal.aborted) return whole;
      run.log.error("plan-failed", thrown, { runId: run.id, model: chat.id });
      await run.degrade("plan_skipped");
      return whole;
    } finally {
      deadline[Symbol.dispose]();
    }
  };
  const plan = work();
  return {
    plan,
    budget,
    async [Symbol.asyncDispose]() {
      left.abort(new AppError("cancelled"));
      await plan;
    },
  };
}

async function split(
  chat: ChatModel,
  ask: Ask,
  run: Run,
  budget: Budget,
): Promise<readonly string[]> {
  const { subagentsMax, questionCharsMax } = run.config;
  budget.takeModelCall();
  const messages = toPlanMessages(ask, subagentsMax);
  const request = { messages, outputTokensMax: OUTPUT_TOKENS_MAX };
  const { text } = await takeTurn(chat, request, { run, budget });
  const questions = parseList(text, questionCharsMax);
  if (questions === undefined) {
    throw new AppError("upstream_bad_response", {
      detail: `${chat.id} wrote no list of questions`,
    });
  }
  return questions.slice(0, subagentsMax);
}

/** The JSON list in the text, whatever stands around it, each question once; undefined where there is none. */
function parseList(text: string, charsMax: number): readonly string[] | undefined {
  const Question = z.string().trim().min(1).max(charsMax).refine(isPlain);
  try {
    const value: unknown = JSON.parse(text.slice(text.indexOf("["), text.lastIndexOf("]") + 1));
    const parsed = z.array(Question).min(1).safeParse(value);
    if (!parsed.success) return undefined;
    return [...new Map(parsed.data.map((one) => [one.toLowerCase(), one])).values()];
  } catch {
    return undefined; // not JSON: as good as no list
  }
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}
