/** Damage to the store while questions are asked: what can still answer answers, and says what is missing. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  askWorld,
  copyFolder,
  countResources,
  expectNothingPrivate,
  expectResourcesBack,
  makeChaosStore,
  startWorld,
  until,
} from "../support/chaos-world.ts";
import { type TempFolder } from "../support/local-store.ts";
import { checkSse } from "../support/sse-checker.ts";
import { seenBy } from "./cell.ts";

let folder: TempFolder;
const before = countResources();
beforeAll(async () => {
  folder = await makeChaosStore();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await expectResourcesBack(before);
});

/** Every file below it, cut to nothing. */
async function empty(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) await writeFile(join(file.parentPath, file.name), "");
}

const gone = (path: string): Promise<void> => rm(path, { recursive: true });

interface Damage {
  readonly name: string;
  /** On a copy of the store. */
  readonly damage: (path: string) => Promise<void>;
  readonly body?: object;
  readonly degraded?: readonly string[];
  readonly refused?: { readonly status: number; readonly code: string };
}

const damages: readonly Damage[] = [
  {
    name: "the data files of one collection are gone",
    damage: (path) => gone(join(path, "faq.lance/data")),
    degraded: ["collection_unavailable:faq"],
  },
  {
    name: "the data files of one collection are cut to nothing",
    damage: (path) => empty(join(path, "faq.lance/data")),
    degraded: ["collection_unavailable:faq"],
  },
  {
    name: "the manifests of one collection are cut to nothing",
    damage: (path) => empty(join(path, "faq.lance/_versions")),
    degraded: ["collection_unavailable:faq"],
  },
  {
    name: "a damaged collection without which there is to be no answer",
    damage: (path) => gone(join(path, "faq.lance/data")),
    body: { retrieval: { require: ["faq"] } },
    refused: { status: 503, code: "collection_unavailable" },
  },
  {
    name: "all collections are damaged",
    damage: async (path) => {
      await gone(join(path, "faq.lance/data"));
      await gone(join(path, "guide.lance/data"));
    },
    refused: { status: 503, code: "store_unavailable" },
  },
];

test.each(damages)("$name", async ({ damage, body = {}, degraded, refused }) => {
  await using copy = await copyFolder(folder);
  await damage(copy.path);
  await using world = await startWorld({ folder: copy });
  for (const stream of [true, false]) {
    const response = await askWorld(world, { stream, body });
    expectNothingPrivate(world, seenBy(response));
    expect(response.status, response.body).toBe(refused?.status ?? 200);
    if (refused !== undefined) {
      expect(JSON.parse(response.body)).toMatchObject({ code: refused.code });
    } else {
      const end: unknown = stream ? checkSse(response.body).end : JSON.parse(response.body);
      expect(end).toMatchObject({ outcome: "finished", answerer: "openai:m", degraded });
    }
  }
  expect(world.upstream.journal.totals()).toMatchObject({
    left: 0,
    byTarget: refused === undefined ? { chat: 2 } : {},
  });
  await until(() => world.gate.running === 0 && world.sockets.size === 0, "something is left");
});
