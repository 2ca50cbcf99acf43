/** The process that writes uploads: started when it is needed, kept while it has work, ended after idling. */
import { type ChildProcess, fork } from "node:child_process";
import type { Clock } from "../../async/clock.ts";
import type { Config } from "../../config.ts";
import type { UploadAnswer, UploadBatch, UploadRequest } from "./upload-protocol.ts";

export interface UploadChild {
  /** Resolves at the batch's end, or when the process ends on the way. One batch at a time. */
  run(batch: UploadBatch, onAnswer: (answer: UploadAnswer) => void): Promise<void>;
  /** The item's client has left; before the commit it is called off. */
  cancel(key: number): void;
}

const ENTRY = new URL("../../../ingest/uploads/upload-child.ts", import.meta.url);

export function createUploadChild(config: Config, clock: Clock): UploadChild {
  let child: ChildProcess | undefined;
  let cancelIdle: () => void = () => undefined;
  // It ends by itself when it is let go, after what it is doing.
  const letGo = (): void => {
    cancelIdle();
    if (child?.connected === true) child.disconnect();
    child = undefined;
  };
  const send = (to: ChildProcess, request: UploadRequest): void => {
    to.send(request, () => undefined); // a failure shows as its exit
  };
  const start = (): ChildProcess => {
    const started = fork(ENTRY, [], {
      execArgv: ["--max-semi-space-size=8"],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const onGone = (): void => {
      if (child === started) child = undefined;
    };
    started.once("exit", onGone).on("error", onGone); // one that could not start never exits
    send(started, { type: "start", config });
    return started;
  };
  return {
    async run(batch, onAnswer) {
      cancelIdle();
      const running = (child ??= start());
      const ended = Promise.withResolvers<void>();
      const onMessage = (message: unknown): void => {
        const answer = message as UploadAnswer;
        if (answer.type === "batch-end") ended.resolve();
        else onAnswer(answer);
      };
      const onEnd = (): void => ended.resolve();
      running.on("message", onMessage).once("exit", onEnd).once("error", onEnd);
      send(running, batch);
      await ended.promise;
      running.off("message", onMessage).off("exit", onEnd).off("error", onEnd);
      if (child === running) cancelIdle = clock.timer(config.uploadIdleMs, letGo);
    },
    cancel(key) {
      if (child !== undefined) send(child, { type: "cancel", key });
    },
  };
}
