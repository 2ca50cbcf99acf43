/** The tools of the MCP server: what they take, what they give, how they run. */
import * as z from "zod";
import { MODES } from "../../domain/ask.ts";
import type { Caller } from "../../domain/caller.ts";
import { toPath, toReadable } from "../../domain/chunk.ts";
import { type RunEvent, RunRecord } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import { DocumentText, readDocument } from "../read-document.ts";
import { type FinishedRun, toFinishedRun } from "../response/run-record.ts";
import { readToEnd, toRunProblem } from "../response/run-response.ts";
import type { Runner, Service } from "../service.ts";

export interface ToolCall {
  readonly caller: Caller;
  readonly requestId: string;
  /** Aborts when the client cancels the call. */
  readonly client: AbortSignal;
  /** Tells the client how far it is. */
  readonly tell: (message: string) => void;
}

export interface McpTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: z.ZodObject;
  readonly outputSchema: z.ZodObject;
  /** Throws AppError, which the client's model gets to read. */
  readonly run: (
    input: Readonly<Record<string, unknown>>,
    call: ToolCall,
  ) => Promise<{ readonly text: string; readonly value: Record<string, unknown> }>;
}

const Question = {
  question: z
    .string()
    .min(1)
    .describe("The question, in any language, understood without the conversation around it."),
  collections: z
    .array(z.string())
    .optional()
    .describe("Names of the collections to search. Absent: all."),
  // The filter's own type is recursive; it is checked in full with the question.
  filter: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'A condition on metadata, e.g. {"field": "metadata.year", "op": "gte", "value": 2024}; combined with and, or, not.',
    ),
};

const Answer = RunRecord.pick({
  runId: true,
  outcome: true,
  grounding: true,
  answerer: true,
  answer: true,
  output: true,
  outputChecks: true,
  passages: true,
  citations: true,
  checks: true,
  degraded: true,
  usage: true,
});
const Found = RunRecord.pick({ runId: true, passages: true, ledger: true, degraded: true });

/** Creates the tools over a service. */
export function createMcpTools(service: Service): readonly McpTool[] {
  const { readChunksMax, passagesMax } = service.config;
  return [
    {
      name: "ask",
      title: "Ask the documents",
      description:
        "Answers a question from the documents. The answer's labels such as [1] are the numbers of its passages, and each sentence is checked against what it cites.",
      inputSchema: z.strictObject({
        ...Question,
        mode: z
          .enum(MODES)
          .optional()
          .describe("How much work the answer is worth: direct by default."),
        // Like the filter it is checked in full with the question.
        output: z
          .strictObject({ schema: z.record(z.string(), z.unknown()) })
          .optional()
          .describe("A JSON Schema that the answer is to satisfy, as a value instead of a text."),
      }),
      outputSchema: Answer,
      async run(input, call) {
        const record = await runToEnd(service, { body: input, run: service.answer, call });
        return { text: toText(record), value: Answer.parse(record) };
      },
    },
    {
      name: "search",
      title: "Search the documents",
      description: "Finds the passages that fit a question, best first, without writing an answer.",
      inputSchema: z.strictObject({
        ...Question,
        passagesMax: z.int().min(1).max(passagesMax).optional().describe("Passages wanted."),
      }),
      outputSchema: Found,
      async run({ passagesMax: wanted, ...input }, call) {
        const retrieval = wanted === undefined ? {} : { retrieval: { passagesMax: wanted } };
        const body = { ...input, ...retrieval };
        const record = await runToEnd(service, { body, run: service.search, call });
        return { text: listPassages(record) || "Nothing was found.", value: Found.parse(record) };
      },
    },
    {
      name: "read_document",
      title: "Read a document",
      description:
        "Reads a part of a document as it is stored, from a chunk on. `next` says where to read on.",
      inputSchema: z.strictObject({
        collection: z.string(),
        documentId: z.string(),
        from: z.int().min(0).default(0).describe("Position of the first chunk, from 0."),
        chunksMax: z.int().min(1).max(readChunksMax).default(10),
      }),
      outputSchema: DocumentText,
      async run(input, { caller, client }) {
        const request = input as {
          collection: string;
          documentId: string;
          from: number;
          chunksMax: number;
        };
        const { etag: _, ...value } = await readDocument(service, request, { caller, client });
        const text = value.chunks
          .map((chunk) => toReadable({ text: chunk.text, location: chunk }))
          .join("\n\n");
        return { text, value: { ...value } };
      },
    },
  ];
}

interface ToolRun {
  readonly body: Readonly<Record<string, unknown>>;
  readonly run: Runner;
  readonly call: ToolCall;
}

async function runToEnd(
  { parseAsk, sharing, search }: Service,
  { body, run, call }: ToolRun,
): Promise<FinishedRun> {
  const { caller, requestId, client, tell } = call;
  const ask = parseAsk(body, { caller });
  const isUnlisted = run === search;
  const wanted = { ask, run, requestId, client, isUnlisted, isWhole: true };
  const { reader } = await sharing.listen(wanted);
  const events = await readToEnd(reader, client, (some) => {
    for (const message of some.flatMap(toProgress)) tell(message);
  });
  const record = toFinishedRun(events);
  const problem = toRunProblem(record, requestId);
  if (problem === undefined) return record;
  throw new AppError(problem.code, { detail: problem.detail });
}

/** What is worth a word while one waits. */
function toProgress(event: RunEvent): readonly string[] {
  if (event.type === "run-start") return [`searching ${event.collections.join(", ") || "nothing"}`];
  if (event.type === "retrieval-end") return [`${event.passages.length} passages found`];
  if (event.type === "tool-call") return [`using ${event.name}`];
  if (event.type === "subrun-start") return [`looking into: ${event.question}`];
  return [];
}

function toText(record: FinishedRun): string {
  if (record.output !== undefined) return JSON.stringify(record.output);
  const sources = listPassages({
    passages: record.passages.filter(({ label }) =>
      record.citations.some((citation) => citation.label === label),
    ),
  });
  return sources === "" ? record.answer : `${record.answer}\n\nSources:\n${sources}`;
}

function listPassages({ passages }: Pick<FinishedRun, "passages">): string {
  return passages
    .map((passage) => {
      const { label, collection, documentId, title, location } = passage;
      const place = toPath(title, location.headings);
      return `[${label}] ${place} (${collection}/${documentId})\n${toReadable(passage)}`;
    })
    .join("\n\n");
}
