/** The tools every run with tools has: search again, read on, see what there is. What they may touch was fixed before. */
import * as z from "zod";
import type { Ask } from "../domain/ask.ts";
import { toPath, toReadable } from "../domain/chunk.ts";
import type { Passage } from "../domain/event.ts";
import type { Opened } from "../retrieval/open-collections.ts";
import { toPassage } from "../retrieval/pack.ts";
import { AppError } from "../errors.ts";
import type { Search } from "./search-once.ts";
import { RetryTool, type Tool, ToolFailed } from "./tool.ts";

const SEARCH_TIMEOUT_MS = 15_000;
const READ_TIMEOUT_MS = 5_000;
const LIST_TIMEOUT_MS = 1_000;
const READ_CHUNKS_MAX = 6;

/** No other tool may be called so. */
export const BUILT_IN_TOOLS: ReadonlySet<string> = new Set([
  "search",
  "read_document",
  "list_collections",
]);

export interface SearchToolsOptions {
  readonly search: Search;
  readonly ask: Pick<Ask, "filter">;
  /** Nothing else is searched or read, whatever a document asks for. */
  readonly opened: readonly Opened[];
}

/**
 * Creates `search`, `read_document` and `list_collections` over the collections of the run. Under a filter
 * nothing is read on: a document has parts that the filter leaves out, and only a search applies it.
 */
export function createSearchTools(options: SearchToolsOptions): readonly Tool[] {
  const tools = [createSearch(options), createList(options)];
  return options.ask.filter === undefined ? [...tools, createRead(options)] : tools;
}

const Query = z.strictObject({
  query: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .describe("What to look for, as a question or in words."),
  collections: z.array(z.string()).max(64).optional().describe("Names; absent: all."),
});

function createSearch({ search, opened }: SearchToolsOptions): Tool<typeof Query> {
  return {
    name: "search",
    description:
      "Searches the documents by meaning and by words. Use it for every part of the question that the passages so far do not answer.",
    parameters: Query,
    timeoutMs: SEARCH_TIMEOUT_MS,
    readOnly: true,
    idempotent: true,
    async execute({ query, collections }, { run, signal, addPassages }) {
      const wanted = opened.filter(
        ({ collection }) => collections === undefined || collections.includes(collection),
      );
      if (wanted.length === 0) {
        const names = opened.map(({ collection }) => collection).join(", ");
        throw new RetryTool(`no such collection; there are: ${names}`);
      }
      const passages = await orFailed(search(query, wanted, run), signal);
      return describe(await addPassages(passages));
    },
  };
}

const Read = z.strictObject({
  collection: z.string(),
  documentId: z.string().max(2_000),
  from: z.int().min(0).default(0).describe("Position of the first part, from 0."),
});

function createRead({ opened }: SearchToolsOptions): Tool<typeof Read> {
  return {
    name: "read_document",
    description: `Reads up to ${READ_CHUNKS_MAX} parts of a document from a position on.`,
    parameters: Read,
    timeoutMs: READ_TIMEOUT_MS,
    readOnly: true,
    idempotent: true,
    async execute({ collection, documentId, from }, { signal, addPassages }) {
      const found = opened.find((one) => one.collection === collection);
      if (found === undefined || !("snapshot" in found)) {
        throw new RetryTool("no such collection, or it cannot be read now");
      }
      const { snapshot } = found;
      const range = { documentId, from, limit: READ_CHUNKS_MAX };
      const rows = await orFailed(snapshot.rowsOf(range, signal), signal);
      if (rows.length === 0) throw new RetryTool("no such document, or it has no part there");
      const chunks = await orFailed(snapshot.take(rows, signal), signal);
      const passages = chunks.flatMap((chunk, index) => {
        const trail = { read: index + 1 };
        return chunk === undefined
          ? []
          : [toPassage({ chunk, collection, score: 0, trail }, index + 1)];
      });
      return describe(await addPassages(passages));
    },
  };
}

const List = z.strictObject({});

function createList({ opened }: SearchToolsOptions): Tool<typeof List> {
  return {
    name: "list_collections",
    description: "Lists the collections that can be searched, with how much they hold.",
    parameters: List,
    timeoutMs: LIST_TIMEOUT_MS,
    readOnly: true,
    idempotent: true,
    execute: () =>
      Promise.resolve(
        opened.map((one) =>
          "snapshot" in one
            ? { name: one.collection, documents: one.snapshot.info.documents }
            : { name: one.collection, unavailable: true },
        ),
      ),
  };
}

/** A store or an upstream that fails costs this call and not the run; our own mistakes do. */
async function orFailed<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof AppError) || thrown.code === "internal") throw thrown;
    throw new ToolFailed(`it did not work now: ${thrown.code}`);
  }
}

/** What is new, for the model; it knows the rest. */
function describe(passages: readonly Passage[]): unknown {
  if (passages.length === 0) return "Nothing new was found.";
  return passages.map((passage) => ({
    label: passage.label,
    title: toPath(passage.title, passage.location.headings),
    collection: passage.collection,
    documentId: passage.documentId,
    text: toReadable(passage),
  }));
}
