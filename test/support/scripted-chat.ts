/** A chat model that says what it was told to say, and throws for what it was not told. */
import type { ChatDelta, ChatModel, ChatRequest } from "../../src/models/model.ts";

export type Script = readonly (ChatDelta | Error | "hang")[];

export interface ScriptedChat extends ChatModel {
  readonly requests: readonly ChatRequest[];
  /** Streams that were left before their end. */
  readonly aborted: number;
}

/** Each call plays the next script. Pieces of text are given as deltas; an Error is thrown at its place. */
export function createScriptedChat(...scripts: readonly Script[]): ScriptedChat {
  const requests: ChatRequest[] = [];
  const state = { aborted: 0 };
  return {
    id: "scripted",
    requests,
    get aborted() {
      return state.aborted;
    },
    async *stream(request, signal) {
      const script = scripts[requests.length];
      requests.push(request);
      request.onSent?.();
      if (script === undefined) throw new Error("the scripted model was called once too often");
      let complete = false;
      try {
        for (const step of script) {
          signal.throwIfAborted();
          if (step === "hang") await hang(signal);
          else if (step instanceof Error) throw step;
          else yield step;
        }
        complete = true;
      } finally {
        if (!complete) state.aborted += 1;
      }
    },
  };
}

/** The deltas of a whole answer, cut into pieces of `size` characters. */
export function says(text: string, size = 7): Script {
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
  return [
    ...pieces.map((piece) => ({ type: "text", text: piece }) as const),
    { type: "usage", inputTokens: 100, outputTokens: 20 },
    { type: "finish", reason: "stop" },
  ];
}

/** A model whose words depend on the fence of its prompt. */
export function createLeakyChat(write: (fence: string) => string): ScriptedChat {
  const state = { aborted: 0 };
  return {
    id: "leaky",
    requests: [],
    get aborted() {
      return state.aborted;
    },
    async *stream(request, signal) {
      const fence = /<([a-z]{12})>/.exec(String(request.messages.at(-1)?.content))?.[1] ?? "";
      const chat = createScriptedChat(says(write(fence)));
      try {
        yield* chat.stream(request, signal);
      } finally {
        state.aborted = chat.aborted;
      }
    },
  };
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
