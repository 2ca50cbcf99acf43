/** The table of the API: one entry a route. A test walks the application's routes and fails for one that is not here. */
import type * as z from "zod";
import type { AskInput, ExplainInput } from "./names.ts";
import { clientOperations } from "./operations-clients.ts";
import { createCollectionOperations } from "./operations-collections.ts";
import { createQuestionOperations } from "./operations-questions.ts";
import { runOperations } from "./operations-runs.ts";
import { createServiceOperations } from "./operations-service.ts";

interface OperationFacts {
  /** The parts of the playground. */
  readonly pages: readonly string[];
  readonly readChunksMax: number;
}

/** Creates the table. The keys are the operations' ids. */
export function createOperations<Output, ExplainOutput>(
  bodies: {
    readonly Ask: z.ZodType<Output, AskInput>;
    readonly Explain: z.ZodType<ExplainOutput, ExplainInput>;
  },
  { pages, readChunksMax }: OperationFacts,
) {
  return {
    ...createQuestionOperations(bodies),
    ...runOperations,
    ...createCollectionOperations(readChunksMax),
    ...clientOperations,
    ...createServiceOperations(pages),
  };
}
export type Operations = ReturnType<typeof createOperations>;
