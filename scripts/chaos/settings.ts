/** What the upstream is told to do, from a file, over HTTP or by code: checked by one schema. */
import * as z from "zod";
import { AppError } from "../../src/errors.ts";
import { FAULTS, type FaultPlace, TARGETS } from "./fault.ts";
import { parseFaults } from "./parse-faults.ts";

const Ms = z.number().min(0).max(86_400_000);
const Count = z.int().min(0).max(1_000_000);
/** A name or several at once, separated by commas. */
const Faults = z.string().superRefine((text, context) => {
  try {
    parseFaults(text);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: (thrown as Error).message });
  }
});

const Rule = z
  .strictObject({
    on: z
      .enum([...TARGETS, "any", "connection"])
      .default("any")
      .describe("Which requests."),
    fault: Faults.optional().describe("What they get: `status=503`, or `latency=100, reset`."),
    oneOf: z
      .array(Faults)
      .min(1)
      .readonly()
      .optional()
      .describe("Or one of these, drawn by the seed."),
    rate: z.number().min(0).max(1).default(1).describe("Share of them, drawn by the seed."),
    skip: Count.default(0).describe("So many are left alone first."),
    times: Count.optional().describe("So many at most."),
  })
  .superRefine((rule, context) => {
    if ((rule.fault === undefined) === (rule.oneOf === undefined)) {
      context.addIssue({ code: "custom", message: "give either `fault` or `oneOf`" });
    }
    for (const { name } of [rule.fault ?? [], rule.oneOf ?? []].flat().flatMap(tryParse)) {
      const places: readonly FaultPlace[] = FAULTS[name].on;
      if (rule.on === "any" ? places.includes("connection") : !places.includes(rule.on)) {
        const message = `${name} happens on ${places.join(", ")}, not on ${rule.on}`;
        context.addIssue({ code: "custom", message });
      }
    }
  });
export type Rule = z.infer<typeof Rule>;

/** Faults that do not parse have an issue already. */
function tryParse(text: string): ReturnType<typeof parseFaults> {
  return Faults.safeParse(text).success ? parseFaults(text) : [];
}

export const CONTENTS = ["grounded", "words", "echo"] as const;

const ChatSettings = z.strictObject({
  content: z.enum(CONTENTS).optional().describe("What the model writes."),
  replies: z
    .array(z.string())
    .readonly()
    .optional()
    .describe("Or these, one after another, the last again and again; none: `content` decides."),
  tokens: z.int().min(1).max(100_000).optional().describe("Length of `words`."),
  firstMs: Ms.optional().describe("Until the headers."),
  deltaMs: Ms.optional().describe("Between deltas."),
});
const EmbeddingSettings = z.strictObject({
  dimensions: z.int().min(1).max(65_536).optional(),
  latencyMs: Ms.optional(),
});

const SettingsInput = z.strictObject({
  seed: z.int().min(0).optional().describe("Everything drawn at random follows from it."),
  rules: z.array(Rule).max(1_000).readonly().optional().describe("The first that applies decides."),
  chat: ChatSettings.optional(),
  embeddings: EmbeddingSettings.optional(),
  rerank: z.strictObject({ latencyMs: Ms.optional() }).optional(),
  models: z
    .array(z.string().min(1))
    .min(1)
    .readonly()
    .optional()
    .describe("Names listed at /v1/models."),
});
/** As people write it: everything may be left out. */
export type SettingsInput = z.input<typeof SettingsInput>;

export interface Settings {
  readonly seed: number;
  readonly rules: readonly Rule[];
  readonly chat: {
    readonly content: (typeof CONTENTS)[number];
    readonly replies: readonly string[];
    readonly tokens: number;
    readonly firstMs: number;
    readonly deltaMs: number;
  };
  readonly embeddings: { readonly dimensions: number; readonly latencyMs: number };
  readonly rerank: { readonly latencyMs: number };
  readonly models: readonly string[];
}

export const DEFAULT_SETTINGS: Settings = {
  seed: 1,
  rules: [],
  chat: { content: "grounded", replies: [], tokens: 100, firstMs: 0, deltaMs: 0 },
  embeddings: { dimensions: 64, latencyMs: 0 },
  rerank: { latencyMs: 0 },
  models: ["chaos"],
};

/**
 * The settings with what was given in place of what was there; a part of `chat` changes that part only.
 * Throws AppError invalid_request that names each wrong place; `source` is where it came from.
 */
export function mergeSettings(before: Settings, given: unknown, source: string): Settings {
  const parsed = SettingsInput.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({
      path: path.join("."),
      message,
    }));
    const list = issues.map(
      (issue) => (issue.path === "" ? "" : `${issue.path}: `) + issue.message,
    );
    throw new AppError("invalid_request", { detail: `${source}: ${list.join("; ")}`, issues });
  }
  const { seed, rules, chat, embeddings, rerank, models } = parsed.data;
  return {
    seed: seed ?? before.seed,
    rules: rules ?? before.rules,
    chat: merge(before.chat, chat),
    embeddings: merge(before.embeddings, embeddings),
    rerank: merge(before.rerank, rerank),
    models: models ?? before.models,
  };
}

function merge<T extends object>(before: T, given: object = {}): T {
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(named) };
}
