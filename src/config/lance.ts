/** The settings of LanceDB's protocol over HTTP: the tables this service serves, and the server it reads. */
import { BaseUrl, Bytes, Count, Flag, Key, Milliseconds, Text } from "./kinds.ts";

export const LANCE_SETTINGS = {
  lanceGateway: Flag.default(false).describe(
    "Whether LanceDB's clients may read the collections at /v1/table, with a key that has `read`.",
  ),
  lanceGatewayBodyBytesMax: Bytes.default(512 * 1024).describe(
    "Size of a request at /v1/table: a vector as JSON takes about 20 bytes a dimension.",
  ),
  lanceGatewayRowsMax: Count.default(5_000).describe("Rows of one answer at /v1/table."),
  lanceGatewayTimeoutMs: Milliseconds.default(10_000).describe(
    "Longest that one request at /v1/table is worked on; a client may ask for less.",
  ),

  lanceUrl: BaseUrl.optional().describe(
    "Address of a LanceDB server, or of a service with LANCE_GATEWAY, whose collections are read instead of DATA_DIR's.",
  ),
  lanceApiKey: Key.optional().describe("Key for LANCE_URL."),
  lanceDatabase: Text.regex(/^[\w.-]{1,100}$/, { error: "must be a plain name" })
    .optional()
    .describe("Name of the database there: what stands behind db:// in LanceDB's clients."),
  lanceAttemptTimeoutMs: Milliseconds.default(5_000).describe(
    "One attempt at a request to LANCE_URL, within the budget of its stage.",
  ),
  lanceConcurrencyMax: Count.default(16).describe("Requests to LANCE_URL at the same time."),
  lanceAnswerBytesMax: Bytes.default(32 * 2 ** 20).describe("Size of one answer of LANCE_URL."),
};
