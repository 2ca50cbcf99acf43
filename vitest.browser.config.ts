import { defineConfig } from "vitest/config";

/** What needs a browser: `pnpm test:browser`, with Chromium at CHROMIUM or under its usual name. */
export default defineConfig({
  test: { include: ["test/browser/**/*.browser.ts"], testTimeout: 30_000, hookTimeout: 60_000 },
});
