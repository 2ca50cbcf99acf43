/** The settings of who may ask. */
import * as z from "zod";
import { Key, Text } from "./kinds.ts";

export const KEY_SETTINGS = {
  auth: z
    .enum(["keys", "off"], { error: "must be keys or off" })
    .default("keys")
    .describe(
      "Whether keys are asked for. `keys`: as soon as there are any, and an address that others reach must have some. `off`: everyone may do everything.",
    ),
  apiKeysFile: Text.optional().describe(
    "File with the keys. Unset: keys.json in DATA_DIR, if it is there.",
  ),
  apiKeys: Text.optional().describe(
    "Keys as the file's text, for where there are no files: digests, no secrets.",
  ),
  apiKey: Key.optional().describe("Key that `pnpm ask --url` sends to the service it asks."),
};
