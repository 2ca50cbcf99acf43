import { expect, test } from "vitest";
import { toConversation } from "../../src/models/chat-messages.ts";
import type { ChatMessage } from "../../src/models/model.ts";

const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string): ChatMessage => ({ role: "assistant", content });
const system: ChatMessage = { role: "system", content: "rules" };
const toolCalls = [{ id: "c", name: "search", arguments: "{}" }];
const calling: ChatMessage = { role: "assistant", content: "", toolCalls };
const result = (callId: string): ChatMessage => ({ role: "tool", callId, content: "x" });

/** The messages as they are sent: role and content. */
function send(messages: readonly ChatMessage[], systemRole = true) {
  const request = { messages, outputTokensMax: 5, temperature: 0 };
  const sent = toConversation(request, "m", { echo: true, systemRole }).messages;
  return sent.map(({ role, content }) => [role, content]);
}

test("users and models take turns: what one of them said twice is one message", () => {
  expect(
    send([system, user("a"), user("b"), assistant("c"), assistant("d"), user("e"), user("f")]),
  ).toEqual([
    ["system", "rules"],
    ["user", "a\n\nb"],
    ["assistant", "c\n\nd"],
    ["user", "e\n\nf"],
  ]);
});

test("calls of tools and their results stay apart", () => {
  expect(send([user("a"), assistant("b"), calling, result("c"), result("d"), calling])).toEqual([
    ["user", "a"],
    ["assistant", "b"],
    ["assistant", ""],
    ["tool", "x"],
    ["tool", "x"],
    ["assistant", ""],
  ]);
});

test("where there is no system its words stand before the user's first ones", () => {
  expect(send([system, user("a"), assistant("b"), user("c")], false)).toEqual([
    ["user", "rules\n\na"],
    ["assistant", "b"],
    ["user", "c"],
  ]);
});
