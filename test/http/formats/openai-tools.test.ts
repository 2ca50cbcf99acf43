/** What chat programs and agents send beside a question, as they were seen to: tools, another model's calls, marks for caches. */
import { expect, test } from "vitest";
import { askWith, makeApp, makeService, type TestService } from "../../support/app.ts";

const messages = [{ role: "user" as const, content: "What are timeouts?" }];

function post(body: object, service: TestService = makeService()) {
  return makeApp(service).request("/v1/chat/completions", askWith(body));
}

const aTool = { type: "function", function: { name: "f", parameters: { type: "object" } } };

// Seen, Open WebUI 0.12.4: each question brings its own tools, which the model may call. LangChain's agents do the same.
test.each([
  [{ tools: [aTool] }, ["tools"]],
  [
    { tools: [aTool], tool_choice: "auto", parallel_tool_calls: true },
    ["parallel_tool_calls", "tools"],
  ],
  [{ functions: [{ name: "f" }], function_call: "auto" }, ["functions"]],
  [{ tools: [] }, undefined],
])("tools that may be called and need not be change nothing: %j", async (change, ignored) => {
  const response = await post({ model: "tributary", messages, ...change });
  expect(response.status).toBe(200);
  const { choices } = (await response.json()) as {
    choices: { message: { tributary: { ignored?: string[] } } }[];
  };
  expect(choices[0]?.message.tributary.ignored).toEqual(ignored);
});

// A conversation that another model began, in a chat program that has several.
test("calls of tools and what they gave are left out of the history", async () => {
  const service = makeService();
  const call = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
  const response = await post(
    {
      model: "tributary",
      messages: [
        { role: "user", content: "What time is it?" },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "1", content: [{ type: "text", text: "noon" }] },
        { role: "assistant", content: "Let me see.", tool_calls: [call] },
        { role: "function", name: "f", content: null },
        { role: "assistant", content: "It is noon." },
        ...messages,
      ],
    },
    service,
  );
  expect(response.status).toBe(200);
  expect(service.asked).toMatchObject([
    {
      question: "What are timeouts?",
      history: [
        { role: "user", content: "What time is it?" },
        { role: "assistant", content: "Let me see." },
        { role: "assistant", content: "It is noon." },
      ],
    },
  ]);
});

// Seen: `cache_control` from LiteLLM and from what was written for Anthropic, `prompt_cache_breakpoint` in OpenAI's own types.
test("marks beside a text, such as those for caches, do not keep it from being read", async () => {
  const service = makeService();
  const part = { type: "text", text: "What are timeouts?" };
  const marks = { cache_control: { type: "ephemeral" }, prompt_cache_breakpoint: {} };
  const content = [{ ...part, ...marks }];
  const response = await post(
    { model: "tributary", messages: [{ role: "user", content }] },
    service,
  );
  expect(response.status).toBe(200);
  expect(service.asked).toMatchObject([{ question: "What are timeouts?" }]);
});

const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

// A chat program sends the whole conversation each time: what was refused once would be refused for ever.
test("pictures of earlier messages are left out of the history, and refused in the question", async () => {
  const service = makeService();
  const shown = { role: "user", content: [{ type: "text", text: "What is this?" }, picture] };
  const earlier = [shown, { role: "user", content: [picture] }];
  const later = await post({ model: "tributary", messages: [...earlier, ...messages] }, service);
  expect(later.status).toBe(200);
  expect(service.asked).toMatchObject([
    { question: "What are timeouts?", history: [{ role: "user", content: "What is this?" }] },
  ]);
  for (const refused of [[shown], [{ ...shown, role: "system" }, ...messages]]) {
    const response = await post({ model: "tributary", messages: refused });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "unsupported_option" } });
  }
});
