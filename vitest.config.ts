import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // The fresh clone and the browser have their own steps in .ci/run.
    exclude: ["test/browser/**", "test/clone/**", "test/edge/**"],
    // For what hangs. Nothing is measured by it, and a busy machine may be ten times slower.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Those that are marked for it mostly wait.
    maxConcurrency: 10,
    // Most of them wait for processes, sockets or timers, so that one at a time leaves half of the machine idle.
    maxWorkers: 2,
    // Files share what is imported, which was a third of the work; each takes away what it has put in place.
    isolate: false,
    env: { LANCEDB_LOG: "error" },
  },
});
