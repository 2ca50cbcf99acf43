/** A model that answers by what it is asked: a planner, the agent of one part, the writer of the answer. */
import type { ChatDelta, ChatModel, ChatRequest } from "../../src/models/model.ts";
import type { Script } from "./scripted-chat.ts";

type Role = "plan" | "part" | "answer";
export interface RoleRequest {
  readonly role: Role;
  /** The question the call is about. */
  readonly question: string;
  readonly request: ChatRequest;
  readonly turn: number;
}

/** A model that answers by what it is asked, because sub-agents ask in any order. */
export function createRoleChat(reply: (request: RoleRequest) => Script) {
  const asked: RoleRequest[] = [];
  const state = { aborted: 0 };
  const chat: ChatModel = {
    id: "scripted",
    async *stream(request, signal) {
      const said = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
      const question = /Question: ([^]*)$/.exec(said)?.[1] ?? "";
      const role = toRole(request);
      const turn = asked.filter((one) => one.role === role && one.question === question).length;
      const one = { role, question, request, turn };
      asked.push(one);
      request.onSent?.();
      let complete = false;
      try {
        for (const step of reply(one)) {
          if (step instanceof Error) throw step;
          if (step === "hang") await hang(signal);
          else yield step;
        }
        complete = true;
      } finally {
        if (!complete) state.aborted += 1;
      }
    },
  };
  return { chat, asked, state };
}

function toRole({ tools, messages }: ChatRequest): Role {
  if (tools !== undefined) return "part";
  return messages[0]?.content.includes("JSON list of strings") === true ? "plan" : "answer";
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

/** A turn that calls one tool. */
export const calls = (name: string, args: object, id = name): Script => [
  {
    type: "tool-calls",
    calls: [{ id, name, arguments: JSON.stringify(args) }],
  } satisfies ChatDelta,
  { type: "usage", inputTokens: 10, outputTokens: 5 },
  { type: "finish", reason: "tool-calls" },
];
