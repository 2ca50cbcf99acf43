/** Two clients of our gateway keep every promise of a store: LanceDB's own in remote mode, and ours over HTTP alone. */
import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createNativeAnalyse } from "../../../src/node/lance/native-analyse.ts";
import { createResidents } from "../../../src/node/lance/residents.ts";
import { createRestStore } from "../../../src/stores/lance/rest-store.ts";
import type { ReadStore, WriteStore } from "../../../src/stores/store.ts";
import { describeStore } from "../../conformance/store.ts";
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
