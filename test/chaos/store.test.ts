/** Damage to the store while questions are asked: what can still answer answers, and says what is missing. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  askWorld,
  copyFolder,
  expectNothingPrivate,
  expectStatus,
  startWorld,
  until,
} from "../support/chaos-world.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();

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
  /** Of an answer, or of a refusal. */
  readonly sees: object;
  readonly status?: number;
}

const damages: readonly Damage[] = [
  {
    name: "the data files of one collection are gone",
    damage: (path) => gone(join(path, "faq.lance/data")),
    sees: { outcome: "finished", answerer: "openai:m", degraded: ["collection_unavailable:faq"] },
  },
  {
    name: "the data files of one collection are cut to nothing",
    damage: (path) => empty(join(path, "faq.lance/data")),
    sees: { outcome: "finished", answerer: "openai:m", degraded: ["collection_unavailable:faq"] },
  },
  {
    name: "the manifests of one collection are cut to nothing",
    damage: (path) => empty(join(path, "faq.lance/_versions")),
    sees: { outcome: "finished", answerer: "openai:m", degraded: ["collection_unavailable:faq"] },
  },
  {
    name: "a damaged collection without which there is to be no answer",
    damage: (path) => gone(join(path, "faq.lance/data")),
    body: { retrieval: { require: ["faq"] } },
    status: 503,
    sees: { code: "collection_unavailable" },
  },
  {
    name: "all collections are damaged",
    damage: async (path) => {
      await gone(join(path, "faq.lance/data"));
      await gone(join(path, "guide.lance/data"));
    },
    status: 503,
    sees: { code: "store_unavailable" },
  },
];

test.concurrent.each(damages)("$name", async ({ damage, body = {}, sees, status = 200 }) => {
  await using copy = await copyFolder(store.folder);
  await damage(copy.path);
  await using world = await startWorld({ folder: copy });
  for (const stream of [true, false]) {
    const response = await askWorld(world, { stream, body });
    expectNothingPrivate(world, seenBy(response));
    expectStatus(response, status);
    const isRun = stream && status === 200;
    const end: unknown = isRun ? checkSse(response.body).end : JSON.parse(response.body);
    expect(end).toMatchObject(sees);
  }
  const { byTarget, left } = world.upstream.journal.totals();
  expect({ chat: byTarget["chat"] ?? 0, left }).toEqual({ chat: status === 200 ? 2 : 0, left: 0 });
  await until(() => world.gate.running === 0 && world.sockets.size === 0, "something is left");
});
