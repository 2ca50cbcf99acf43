/** The settings of runs in which models call tools: steps, sub-agents, and what all of it may cost. */
import { Count, Milliseconds, Text } from "./kinds.ts";

export const AGENT_SETTINGS = {
  stepsMax: Count.default(8).describe(
    "Model calls of one run with tools, without those of sub-agents.",
  ),
  modelCallsMax: Count.default(24).describe(
    "Model calls that plan and gather, of one run and all its sub-agents together.",
  ),
  toolCallsMax: Count.default(32).describe(
    "Tool calls of one run and all its sub-agents together.",
  ),
  toolConcurrencyMax: Count.default(4).describe("Tool calls of one step at the same time."),
  toolResultCharsMax: Count.default(20_000).describe("Length of what a tool tells the model."),
  toolsFile: Text.optional().describe("Module that exports tools of your own as `tools`."),
  passagesOfToolsMax: Count.default(40).describe("Passages in the context of a run with tools."),

  planTimeoutMs: Milliseconds.default(10_000).describe(
    "Budget of splitting a question into parts for sub-agents.",
  ),
  subagentsMax: Count.default(4).describe("Sub-agents of one run, all at the same time."),
  subagentStepsMax: Count.default(3).describe("Model calls of one sub-agent."),
  subagentTimeoutMs: Milliseconds.default(20_000).describe("Budget of one sub-agent."),
};
