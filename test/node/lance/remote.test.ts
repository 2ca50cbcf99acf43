/** LanceDB's own client, in remote mode, reads our gateway and keeps every promise of a store. */
import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createResidents } from "../../../src/node/lance/residents.ts";
import { describeStore } from "../../conformance/store.ts";
import { makeAccess, makeKey } from "../../support/keys.ts";
import { startGateway } from "../../support/lance-gateway.ts";
import { createTestStore } from "./test-store.ts";

describeStore("LanceDB's client over the gateway", async () => {
  const { store } = await createTestStore(createResidents(0));
  const { key, entry } = await makeKey({ scopes: ["read"] });
  const gateway = await startGateway(store, makeAccess([entry]).access);
  onTestFinished(async () => gateway[Symbol.asyncDispose]());
  const remote = await createLanceStore({
    uri: "db://tributary",
    server: { url: gateway.url, apiKey: key },
    config: parseConfig({ FRESHNESS_MS: "1" }),
    clock: systemClock,
    residents: createResidents(0),
  });
  return { ...store, list: remote.list, open: remote.open };
});
