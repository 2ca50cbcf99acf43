/** The steps of an upload as server-sent events, with one end whatever happens. */
import type { DocumentReceipt, UploadEvent, UploadStage } from "../../domain/upload-event.ts";
import { AppError } from "../../errors.ts";
import type { Problem } from "../response/problem.ts";
import type { Service } from "../service.ts";

export type UploadWork = (
  signal: AbortSignal,
  onStage: (stage: UploadStage) => void,
) => Promise<DocumentReceipt>;

export interface UploadStreamOptions {
  readonly start: UploadEvent;
  readonly work: UploadWork;
  readonly client: AbortSignal;
  /** What may be said of what was thrown; it also goes to the log where it is our fault. */
  readonly toError: (thrown: unknown) => Problem;
}

/** The stream does the work; whoever leaves it before the commit calls the work off. */
export function createUploadStream(
  { clock, config, log }: Pick<Service, "clock" | "config" | "log">,
  { start, work, client, toError }: UploadStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const left = new AbortController();
  let cancelPing: () => void = () => undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string): void => {
        if (left.signal.aborted) return;
        controller.enqueue(encoder.encode(text));
        cancelPing();
        cancelPing = clock.timer(config.pingIntervalMs, () => send(": ping\n\n"));
      };
      const tell = (event: UploadEvent): void =>
        send(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      const run = async (): Promise<UploadEvent> => {
        try {
          const receipt = await work(AbortSignal.any([client, left.signal]), (stage) =>
            tell({ type: "upload-stage", stage }),
          );
          return { type: "upload-end", outcome: "finished", receipt };
        } catch (thrown) {
          const { code, detail, retryable, retryAfterMs, status } = toError(thrown);
          if (status === 500) log.error("upload-failed", thrown, { code });
          const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
          const error = { code, detail, retryable, ...wait };
          return { type: "upload-end", outcome: "failed", error };
        }
      };
      tell(start);
      void (async () => {
        tell(await run());
        cancelPing();
        if (!left.signal.aborted) controller.close();
      })();
    },
    cancel() {
      cancelPing();
      left.abort(new AppError("cancelled", { detail: "the client left" }));
    },
  });
}
