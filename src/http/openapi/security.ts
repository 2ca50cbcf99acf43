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

/** Without keys the service asks for none: hence the empty one. */
export const KEYED = [{ bearer: [] }, { apiKey: [] }, {}];
export const OPEN: readonly object[] = [];

/** What every address answers to a page from elsewhere, or under another name, while there are no keys. */
export const ADDRESS_ERRORS: readonly ErrorCode[] = ["forbidden"];
/** What a route that may ask for a key answers when the key is missing, may not do it, or has used up what it has. */
export const KEY_ERRORS: readonly ErrorCode[] = [
  "unauthenticated",
  "forbidden",
  "rate_limited",
  "quota_exceeded",
];
