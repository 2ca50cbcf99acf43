/**
 * Put by wrangler.toml in place of what the MCP library brings for a Worker: without its validator of JSON Schemas, and
 * without building its own schemas when an isolate starts, which every first question would wait for (20 ms) and only MCP needs.
 */

/** Would check forms that a client fills in; this server sends none. */
export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error("no JSON Schema is checked by the MCP library here");
  }
}

/** Only its server over standard streams reads this. */
export const process = {};
