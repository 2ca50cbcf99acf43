import { defineConfig } from "vitest/config";

/** What needs a browser: `pnpm test:browser`, with Chromium at CHROMIUM or under its usual name. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.browser.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Each waits for a browser of its own: one at a time leaves half of the machine idle.
    maxWorkers: 2,
  },
});
