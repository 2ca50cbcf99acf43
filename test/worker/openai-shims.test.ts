/** What stands in the Worker's bundle for the resources of the openai package, beside what the package has. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import * as shims from "../../src/worker/openai-shims.ts";

/** Every first group, sorted, each once. */
function findAll(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found))].toSorted();
}

const client = await readFile("node_modules/openai/client.mjs", "utf8");
const settings = await readFile("wrangler.toml", "utf8");

test("there is one for each resource that the client of the package makes", () => {
  const made = findAll(client, /new API\.(\w+)\(this\)/g);
  expect(made).toContain("Chat");
  expect(Object.keys(shims).toSorted()).toEqual(made);
});

test("each file of resources that the client imports is left out of the bundle", () => {
  const imported = findAll(client, /from "(\.\/resources\/[^"]+)"/g);
  expect(imported).toContain("./resources/chat/chat.mjs");
  expect(findAll(settings, /^"(\.\/[^"]+)" = "\.\/src\/worker\/openai-shims\.ts"$/gm)).toEqual(
    imported,
  );
});
