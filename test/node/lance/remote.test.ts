/** Two clients of our gateway keep every promise of a store: LanceDB's own in remote mode, and ours over HTTP alone. */
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createNativeAnalyse } from "../../../src/node/lance/native-analyse.ts";
import { createResidents } from "../../../src/node/lance/residents.ts";
import { createRestStore } from "../../../src/stores/lance/rest-store.ts";
import type {
  CollectionWriter,
  ReadStore,
  Snapshot,
  WriteStore,
} from "../../../src/stores/store.ts";
import { describeStore } from "../../conformance/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { makeAccess, makeKey } from "../../support/keys.ts";
import { startGateway } from "../../support/lance-gateway.ts";
import { createTestStore } from "./test-store.ts";

describeStore("LanceDB's client over the gateway", async () => {
  const { store, gateway, key } = await startAll();
  const remote = await createLanceStore({
    uri: "db://tributary",
    server: { url: gateway.url, apiKey: key },
    config: parseConfig({ FRESHNESS_MS: "1" }),
    clock: systemClock,
    residents: createResidents(0),
  });
  return withReads(store, remote);
});

describeStore("the store over HTTP on the gateway", async () => {
  const { store, gateway, key } = await startAll();
  const config = parseConfig({
    FRESHNESS_MS: "1",
    LANCE_API_KEY: key,
    LANCE_DATABASE: "tributary",
    LANCE_URL: gateway.url,
  });
  const { url } = gateway;
  const analyse = createNativeAnalyse();
  const remote = createRestStore({ config, url, clock: systemClock, analyse });
  return withReads(store, remote);
});

async function startAll() {
  const { store } = await createTestStore(createResidents(0));
  const { key, entry } = await makeKey({ scopes: ["read"] });
  const gateway = await startGateway(store, makeAccess([entry]).access);
  onTestFinished(async () => gateway[Symbol.asyncDispose]());
  return { store, gateway, key };
}

/** Writes to the one and reads from the other. */
function withReads(store: WriteStore, remote: ReadStore): WriteStore {
  return {
    ...store,
    list: (signal) => remote.list(signal),
    open: (name, signal) => remote.open(name, signal),
  };
}

test("a snapshot stays what it was while another generation is published", async () => {
  const { store, gateway, key } = await startAll();
  const { signal } = new AbortController();
  const write = async (writer: CollectionWriter, text: string) => {
    await writer.commit({ put: [toDocument("a", [text])], remove: [] }, signal);
    await writer.index(signal);
  };
  const first = await store.create(spec, signal);
  await write(first, "old cats");
  await first.close();
  const config = parseConfig({ FRESHNESS_MS: "1", LANCE_API_KEY: key, LANCE_URL: gateway.url });
  const analyse = createNativeAnalyse();
  const remote = createRestStore({ config, url: gateway.url, clock: systemClock, analyse });
  const before = await remote.open(spec.name, signal);
  const next = await store.generations?.begin(spec, signal);
  if (next === undefined) throw new Error("the store has no generations");
  await write(next, "new birds");
  await next.publish(signal);
  await next.close();
  const after = await waitFor(async () => {
    const found = await remote.open(spec.name, signal);
    return found.info.version > before.info.version ? found : undefined;
  });
  const readText = async (snapshot: Snapshot) =>
    (
      await snapshot.take(
        await snapshot.rowsOf({ documentId: "a", from: 0, limit: 1 }, signal),
        signal,
      )
    )[0]?.text;
  expect([await readText(before), await readText(after)]).toEqual(["old cats", "new birds"]);
});

async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
