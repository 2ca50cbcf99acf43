/** What the door makes of `output`, and how other formats than our own show the value. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import { createUiWriter } from "../../../src/http/formats/ui-response.ts";
import { toFinishedRun } from "../../../src/http/response/run-record.ts";
import { createAskParser } from "../../../src/http/request/schemas.ts";
import {
  askWith,
  makeApp,
  makeEnd,
  makeService,
  play,
  retrievalEnd,
  runStart,
  type TestService,
} from "../../support/app.ts";

const schema = { type: "object", properties: { n: { type: "integer" } } };
const value = { n: 3 };
const outputChecks = [
  {
    pointer: "/n",
    verdict: "supported" as const,
    citations: [{ label: 1, evidence: { documentId: "a.md", start: 0, end: 20 } }],
  },
];
const script: readonly RunEvent[] = [
  runStart,
  retrievalEnd,
  { type: "output-partial", value: {} },
  { type: "text-reset" },
  { type: "output-partial", value },
  makeEnd({ output: value, outputChecks }),
];

function makeModelService() {
  const env = { BODY_BYTES_MAX: "200000" };
  const service = makeService({ env, answer: play(script) });
  const parseAsk = createAskParser(parseConfig(env), ["lexical"], ["direct", "agent"]);
  return { ...service, parseAsk };
}

async function post(
  path: string,
  body: object | string,
  service: TestService = makeModelService(),
) {
  const response = await makeApp(service).request(path, askWith(body));
  return { response, body: JSON.parse(await response.text()) as Record<string, unknown>, service };
}

test("a schema reaches the run as it is", async () => {
  const { response, body, service } = await post("/v1/ask", { question: "q", output: { schema } });
  expect(response.status).toBe(200);
  expect(service.asked[0]?.output).toEqual({ schema });
  expect(body).toMatchObject({ output: value, outputChecks, answer: "" });
});

test("without a model it is refused, because nothing could write a value", async () => {
  const { response, body } = await post(
    "/v1/ask",
    { question: "q", output: { schema } },
    makeService(),
  );
  expect(response.status).toBe(400);
  expect(body).toMatchObject({ code: "unsupported_option", issues: [{ path: "output" }] });
  expect(body["detail"]).toContain("set CHAT_MODEL");
});

describe("bad schemas are refused with their place", () => {
  const ask = (text: string): string => `{"question":"q","output":{"schema":${text}}}`;
  test.each<[string, string, string, string]>([
    ["none", '{"question":"q","output":{}}', "output.schema", "invalid_schema"],
    ["no object", ask("[]"), "output.schema", "invalid_schema"],
    ["null", ask("null"), "output.schema", "invalid_schema"],
    [
      "beside others",
      '{"question":"q","output":{"schema":{},"x":1}}',
      "output.x",
      "invalid_request",
    ],
    ["a wrong type", ask('{"items":{"type":"x"}}'), "output.schema/items/type", "invalid_schema"],
    ["without end", ask('{"$ref":"#"}'), "output.schema", "invalid_schema"],
    ["a remote part", ask('{"$ref":"http://127.0.0.1/s"}'), "output.schema/$ref", "invalid_schema"],
    ["a bad pattern", ask('{"pattern":"(a)\\\\1"}'), "output.schema/pattern", "invalid_schema"],
    ["over 64 KiB", ask(`{"title":"${"x".repeat(70_000)}"}`), "output.schema", "invalid_schema"],
    ["__proto__", ask('{"properties":{"__proto__":{"type":"string"}}}'), "output.schema/properties", "invalid_schema"], // prettier-ignore
  ])("%s", async (_name, text, path, code) => {
    const { response, body, service } = await post("/v1/ask", text);
    expect(response.status).toBe(400);
    expect(body).toMatchObject({ code, issues: [{ path }] });
    expect(service.asked).toEqual([]);
  });

  test("deeper than any body may be", async () => {
    const { response, body } = await post(
      "/v1/ask",
      ask(`${'{"not":'.repeat(80)}{}${"}".repeat(80)}`),
    );
    expect(response.status).toBe(400);
    expect(body["detail"]).toContain("nested deeper");
  });
});

test("two asks with different schemas are different questions", async () => {
  const service = makeModelService();
  await post("/v1/ask", { question: "q", output: { schema } }, service);
  await post("/v1/ask", { question: "q", output: { schema: { type: "null" } } }, service);
  expect(service.asked).toHaveLength(2);
});

test("the UI stream shows each state of the value under one id, and takes it back", () => {
  const written = createUiWriter("r")(script);
  const outputs = [...written.matchAll(/\{"type":"data-output".*?\}(?=\n)/g)].map(
    ([text]) => JSON.parse(text) as unknown,
  );
  expect(outputs).toEqual(
    [{}, null, value].map((data) => ({ type: "data-output", id: "output", data })),
  );
  expect(written).toContain(JSON.stringify(outputChecks));
});

test("the record of a run has the value and what bears it out", () => {
  expect(toFinishedRun(script)).toMatchObject({ output: value, outputChecks, answer: "" });
});
