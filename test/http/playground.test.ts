/** The page at `/` and what it is served with; how it works is seen in a browser, in test/browser. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildPlayground } from "../../scripts/build-playground.ts";
import { makeApp, makeService } from "../support/app.ts";

const FIRST_LOAD_BYTES_MAX = 100 * 1024;
const paths = ["/", "/playground/style.css", "/playground/script.js", "/playground/vendor.js"];

test("the module is made of the files as they are", async () => {
  expect(readFileSync("src/playground/assets.ts", "utf8")).toBe(await buildPlayground());
});

test("the first load is small, and everything it needs comes from here", async () => {
  const app = makeApp(makeService());
  const bodies = await Promise.all(
    paths.map(async (path) => {
      const response = await app.request(path);
      expect(response.status).toBe(200);
      return response.text();
    }),
  );
  const bytes = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
  expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  const [page = ""] = bodies;
  const addresses = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, address]) => address);
  expect(new Set(addresses)).toEqual(new Set(paths.slice(1)));
});

test("the page may run nothing but its own files, and nobody may frame it", async () => {
  const response = await makeApp(makeService()).request("/");
  const policy = response.headers.get("Content-Security-Policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(response.headers.get("Content-Type")).toContain("text/html");
  expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|style="| on\w+="/);
});
