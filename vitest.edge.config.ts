import { defineConfig } from "vitest/config";

/** Tests in the Worker's real runtime, which take longer to start than the others take to run. */
export default defineConfig({
  test: {
    include: ["test/edge/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // Each waits for a runtime of its own: one at a time leaves half of the machine idle.
    maxWorkers: 2,
    // The tools that start it are imported once for all files, not for each.
    isolate: false,
    env: {
      LANCEDB_LOG: "error",
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
  },
});
