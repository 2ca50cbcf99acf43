/** The field `output` of a question: a JSON Schema, checked where it arrives. */
import * as z from "zod";
import type { Issue } from "../../errors.ts";
import { checkSchema } from "../../json/check-schema.ts";
import type { SchemaObject } from "../../json/schema.ts";

/** Where faults of the schema are; a JSON Pointer into it follows. */
export const SCHEMA_PATH = "output.schema";

/** The schema's own place is all that is checked here; `refusal` is what a service without a model says. */
export function createOutputField(hasModel: boolean, refusal: string) {
  return z
    .strictObject({
      schema: z.unknown().refine((schema) => schema !== undefined, "is missing"),
    })
    .refine(() => hasModel, refusal)
    .optional();
}

/** What an Ask holds of it, and what is wrong with the schema. */
export function readOutput(
  output: { readonly schema: unknown } | undefined,
  bytesMax: number,
): {
  readonly field: { readonly output?: { readonly schema: SchemaObject } };
  readonly issues: readonly Issue[];
} {
  if (output === undefined) return { field: {}, issues: [] };
  const issues = checkSchema(output.schema, bytesMax).map(({ path, message }) => ({
    path: `${SCHEMA_PATH}${path}`,
    message,
  }));
  return { field: { output: { schema: output.schema as SchemaObject } }, issues };
}
