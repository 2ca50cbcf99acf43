/** All prompt text of structured output: the rules, the schema, and what is said of a value that will not do. */
import type { SchemaObject } from "../json/schema.ts";
import { isObject, KEYWORDS } from "../json/schema.ts";
import type { Fault } from "../json/place.ts";
import type { Passage } from "../domain/event.ts";
import type { ChatMessage } from "../models/model.ts";
import { stripHidden } from "../text/hidden-characters.ts";
import { type Conversation, type Prompt, toFencedPrompt } from "./prompt.ts";

/** Of a value that will not do, and of what is wrong with it. */
const DRAFT_CHARS_MAX = 6_000;
const FAULTS_TOLD_MAX = 10;

export interface OutputPromptInput {
  readonly question: string;
  readonly passages: readonly Passage[];
  readonly schema: SchemaObject;
  readonly conversation: Conversation;
}

/** The conversation of one structured answer. Fenced like that of a written one. */
export function toOutputPrompt({ schema, ...asked }: OutputPromptInput): Prompt {
  return toFencedPrompt({
    ...asked,
    rules: [
      "You fill in values from the passages given, and from nothing else.",
      'Write one JSON object and nothing else: {"found": true, "value": VALUE}, in this order, where VALUE satisfies the JSON Schema below.',
      "Copy numbers, names and dates as the passages have them. Leave out what is optional and not in them.",
      'If the passages do not answer the question, write {"found": false} and nothing else.',
    ],
    appendix: [`JSON Schema of VALUE:\n${stripHidden(JSON.stringify(schema))}`],
  });
}

/** The last draft, and what is wrong with it. Earlier ones are not repeated, so the prompt does not grow. */
export function toAgainMessages(
  messages: readonly ChatMessage[],
  draft: string,
  faults: readonly Fault[],
): readonly ChatMessage[] {
  return [
    ...messages,
    { role: "assistant", content: draft.slice(0, DRAFT_CHARS_MAX) },
    {
      role: "user",
      content: [
        "That will not do:",
        ...faults
          .slice(0, FAULTS_TOLD_MAX)
          .map(({ pointer, message }) => `- ${pointer === "" ? "the value" : pointer} ${message}`),
        "Write the whole JSON object again, corrected, and nothing else.",
      ].join("\n"),
    },
  ];
}

/** The caller's schema within that of the object the model writes. References still name what they named. */
export function toEnvelopeSchema(schema: SchemaObject): SchemaObject {
  const { $defs, definitions, $schema: _draft, ...rest } = schema;
  return {
    type: "object",
    properties: { found: { type: "boolean" }, value: moveReferences(rest) },
    required: ["found"],
    additionalProperties: false,
    ...($defs === undefined ? {} : { $defs: moveMap($defs) }),
    ...(definitions === undefined ? {} : { definitions: moveMap(definitions) }),
  };
}

function moveReferences(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([keyword, value]) => {
    const takes = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (takes === "reference") return [keyword, moveReference(String(value))];
    if (takes === "schema") return [keyword, moveReferences(value)];
    if (takes === "map of schemas") return [keyword, moveMap(value)];
    const isList = takes === "schemas" && Array.isArray(value);
    return [keyword, isList ? value.map(moveReferences) : value];
  });
  return Object.fromEntries(entries) as unknown;
}

function moveMap(map: unknown): unknown {
  if (!isObject(map)) return map;
  return Object.fromEntries(
    Object.entries(map).map(([name, schema]) => [name, moveReferences(schema)]),
  );
}

function moveReference(reference: string): string {
  if (/^#\/(?:\$defs|definitions)\//.test(reference)) return reference;
  return `#/properties/value${reference.slice(1)}`;
}
