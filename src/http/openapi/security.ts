/** What the document says of keys. Everything about them is here: schemes, the errors and the headers that come with them. */
import type { ErrorCode } from "../../errors.ts";

/** Either of them carries the key. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "A key in the header `Authorization: Bearer …`, as OpenAI's clients send it.",
  },
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "The same key in a header of its own.",
  },
} as const;

/** On a loopback address the service asks for no key: hence the empty one. */
export const KEYED = [{ bearer: [] }, { apiKey: [] }, {}];
export const OPEN: readonly object[] = [];

/** What every route that may ask for a key answers when the key is missing or wrong. */
export const KEY_ERRORS: readonly ErrorCode[] = ["unauthenticated"];
