/** What decides the next reply: settings, the plan made of them, and replies scripted by code. */
import type { AnswerContext } from "./answer-context.ts";
import { createPlan, type Plan } from "./plan.ts";
import { createRandom } from "./random.ts";
import type { Reply } from "./reply.ts";
import { DEFAULT_SETTINGS, mergeSettings, type Settings, type SettingsInput } from "./settings.ts";

export interface State {
  readonly get: () => Settings;
  /** Changes settings; what is drawn at random begins anew. Throws AppError invalid_request. */
  readonly set: (given: unknown) => void;
  readonly plan: () => Plan;
  readonly script: (...replies: readonly Reply[]) => void;
  /** The reply code has laid down for the next request, if any. */
  readonly nextScripted: () => Reply | undefined;
  readonly toContext: () => Omit<AnswerContext, "faults" | "wheel">;
}

export function createState(given: SettingsInput = {}): State {
  let settings = mergeSettings(DEFAULT_SETTINGS, given, "settings");
  let plan = createPlan(settings.rules, settings.seed);
  // Apart from the plan's, so that jitter does not change who fails.
  let random = createRandom(settings.seed + 1);
  let answers = 0;
  let scripted: readonly Reply[] = [];
  let next = 0;
  return {
    get: () => settings,
    set(changes) {
      settings = mergeSettings(settings, changes, "settings");
      plan = createPlan(settings.rules, settings.seed);
      random = createRandom(settings.seed + 1);
      answers = 0;
    },
    plan: () => plan,
    script(...replies) {
      scripted = replies;
      next = 0;
    },
    nextScripted() {
      const reply = scripted[Math.min(next, scripted.length - 1)];
      next += 1;
      return reply;
    },
    toContext: () => ({
      settings,
      random,
      nextAnswer() {
        answers += 1;
        return answers - 1;
      },
    }),
  };
}
