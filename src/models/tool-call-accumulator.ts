/** Puts a model's tool calls together from the pieces of a stream; servers differ in how they cut and name them. */
import * as z from "zod";
import type { ToolCall } from "./model.ts";
import { mendTurnMarksInJson } from "./turn-marks.ts";
import { toBadResponse, type Upstream } from "./upstream.ts";

/** Calls of one answer, and pieces of them that come at once: each is looked up among those before it. */
const CALLS_MAX = 1_024;

const Piece = z.object({
  index: z.number().nullish(),
  id: z.string().nullish(),
  /** Gemini keeps its signature of a call here, and refuses the call without it. */
  extra_content: z.unknown().optional(),
  function: z.object({ name: z.string().nullish(), arguments: z.unknown() }).partial().nullish(),
});
type Piece = z.infer<typeof Piece>;

export interface ToolCallAccumulator {
  /** Takes a chunk's `tool_calls`. Gives the characters it brought, for the caller's limit. Throws AppError upstream_bad_response for too many calls. */
  add(pieces: unknown): number;
  /** The calls in the order in which they began. Those that have no id get `call_1`, `call_2` and so on. */
  calls(): readonly ToolCall[];
  /** What came beside each call, under the names it is sent back by. */
  extras(): readonly Readonly<Record<string, unknown>>[];
}

interface Draft {
  readonly index: number | undefined;
  id: string;
  name: string;
  arguments: string;
  extra: unknown;
}

/** Creates an accumulator for one answer of this model. */
export function createToolCallAccumulator(upstream: Upstream): ToolCallAccumulator {
  const drafts: Draft[] = [];
  return {
    add(pieces) {
      if (!Array.isArray(pieces)) return 0;
      let length = 0;
      const refuse = (): never => {
        throw toBadResponse(`called more than ${CALLS_MAX} tools at once`, upstream);
      };
      if (pieces.length > CALLS_MAX) refuse();
      for (const value of pieces) {
        const parsed = Piece.safeParse(value);
        if (!parsed.success) continue;
        const { id, function: part, extra_content: extra } = parsed.data;
        const draft = findDraft(drafts, parsed.data) ?? begin(drafts, parsed.data);
        if (drafts.length > CALLS_MAX) refuse();
        length -= draft.id.length + draft.name.length;
        const text = toText(part?.arguments);
        if (draft.id === "") draft.id = id ?? "";
        draft.name = joinName(draft.name, part?.name ?? "");
        draft.arguments += text;
        draft.extra = extra ?? draft.extra;
        length += draft.id.length + draft.name.length + text.length + toText(extra).length;
      }
      return length;
    },
    extras: () => drafts.map(({ extra }) => (extra === undefined ? {} : { extra_content: extra })),
    calls() {
      const taken = new Set(drafts.map(({ id }) => id));
      let count = 0;
      const makeId = (): string => {
        do count += 1;
        while (taken.has(`call_${count}`));
        return `call_${count}`;
      };
      return drafts.map(({ id, name, arguments: text }) => ({
        id: id === "" ? makeId() : id,
        name,
        arguments: mendTurnMarksInJson(text),
      }));
    },
  };
}

/** An id says most, then the index, then whether a name shows that another call begins. */
function findDraft(drafts: readonly Draft[], piece: Piece): Draft | undefined {
  const id = piece.id ?? "";
  const index = piece.index ?? undefined;
  const alike = id === "" ? [] : drafts.filter((draft) => draft.id === id);
  const same =
    alike.findLast((draft) => draft.index === index) ??
    alike.findLast((draft) => !isAnother(draft, piece));
  if (same !== undefined) return same;
  const near =
    index === undefined ? drafts.at(-1) : drafts.findLast((draft) => draft.index === index);
  if (near === undefined) return undefined;
  if (id !== "") return near.id === "" && near.arguments === "" ? near : undefined;
  return index === undefined && hasName(piece) && near.name !== "" ? undefined : near;
}

/** A server that gives all its calls one id: another place, and a name of its own. */
function isAnother({ index, name }: Draft, piece: Piece): boolean {
  const at = piece.index ?? index;
  return index !== undefined && at !== index && name !== "" && hasName(piece);
}

function hasName({ function: named }: Piece): boolean {
  return (named?.name ?? "") !== "";
}

function begin(drafts: Draft[], { index }: Piece): Draft {
  const draft: Draft = {
    index: index ?? undefined,
    id: "",
    name: "",
    arguments: "",
    extra: undefined,
  };
  drafts.push(draft);
  return draft;
}

/** Some servers repeat the whole name with every piece. */
function joinName(name: string, next: string): string {
  return next.startsWith(name) ? next : name === next || next === "" ? name : name + next;
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
