/** The table of the API: one entry a route. A test walks the application's routes and fails for one that is not here. */
import type * as z from "zod";
import type { AskInput, ExplainInput } from "./names.ts";
import { clientOperations } from "./operations-clients.ts";
import { collectionOperations } from "./operations-collections.ts";
import { createQuestionOperations } from "./operations-questions.ts";
import { runOperations } from "./operations-runs.ts";
import { createServiceOperations } from "./operations-service.ts";

/** Creates the table. The keys are the operations' ids. `pages` are the parts of the playground. */
export function createOperations<Output, ExplainOutput>(
  bodies: {
    readonly Ask: z.ZodType<Output, AskInput>;
    readonly Explain: z.ZodType<ExplainOutput, ExplainInput>;
  },
  pages: readonly string[],
) {
  return {
    ...createQuestionOperations(bodies),
    ...runOperations,
    ...collectionOperations,
    ...clientOperations,
    ...createServiceOperations(pages),
  };
}
export type Operations = ReturnType<typeof createOperations>;
