/** Reasoning in blocks, signed or sealed, that a server wants back beside tool calls: put together from the pieces of a stream. */

type Block = Record<string, unknown>;
/** Lists of pieces, as they came: `reasoning_details` of OpenRouter, `thinking_blocks` of LiteLLM before Anthropic. */
export type BlockPieces = Readonly<Partial<Record<(typeof FIELDS)[number], unknown>>>;

const FIELDS = ["reasoning_details", "thinking_blocks"] as const;
/** What goes on from piece to piece; of everything else the last word counts. */
const GROWING = new Set(["text", "summary", "thinking"]);

/** The pieces of a delta; undefined where it has none. */
export function findBlockPieces(delta: Readonly<Record<string, unknown>>): BlockPieces | undefined {
  const { reasoning_details: details, thinking_blocks: blocks } = delta;
  const hasAny = [details, blocks].some((list) => Array.isArray(list) && list.length > 0);
  return hasAny ? { reasoning_details: details, thinking_blocks: blocks } : undefined;
}

export interface ReasoningBlocks {
  /** Takes what a delta had. Gives the characters it brought, for the caller's limit. */
  add(pieces: BlockPieces | undefined): number;
  /** The lists with whole blocks, under the names they are sent back by. */
  fields(): Readonly<Record<string, unknown>>;
}

/** Creates the blocks of one answer. */
export function createReasoningBlocks(): ReasoningBlocks {
  const lists = new Map<string, Block[]>();
  return {
    add(pieces) {
      let chars = 0;
      for (const field of pieces === undefined ? [] : FIELDS) {
        const list = pieces?.[field];
        if (!Array.isArray(list)) continue;
        const blocks = lists.get(field) ?? [];
        lists.set(field, blocks);
        for (const piece of list) {
          if (!isBlock(piece)) continue;
          chars += JSON.stringify(piece).length;
          addPiece(blocks, piece);
        }
      }
      return chars;
    },
    fields() {
      const { reasoning_details: details, thinking_blocks: blocks } = Object.fromEntries(lists);
      return {
        ...(details === undefined ? {} : { reasoning_details: details }),
        // Their place in the stream is LiteLLM's own; Anthropic, which gets them as they are, knows no such field.
        ...(blocks === undefined ? {} : { thinking_blocks: blocks.map(withoutIndex) }),
      };
    },
  };
}

/** Onto the block before it where it goes on with that: of the same kind, at the same place, not yet signed. */
function addPiece(blocks: Block[], piece: Block): void {
  const last = blocks.at(-1);
  const goesOn =
    last !== undefined &&
    last["type"] === piece["type"] &&
    last["index"] === piece["index"] &&
    !isWhole(last) &&
    !isWhole({ ...piece, signature: undefined });
  if (!goesOn) {
    blocks.push({ ...piece });
    return;
  }
  for (const [name, value] of Object.entries(piece)) {
    if (value === null || value === undefined) continue;
    const before = last[name];
    last[name] =
      GROWING.has(name) && typeof before === "string" && typeof value === "string"
        ? before + value
        : value;
  }
}

/** Signed, or sealed: what follows is another. LiteLLM signs with nothing until the signature is there. */
function isWhole({ signature, data }: Block): boolean {
  return [signature, data].some((seal) => typeof seal === "string" && seal !== "");
}

function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutIndex(block: Block): Block {
  return Object.fromEntries(Object.entries(block).filter(([name]) => name !== "index"));
}
