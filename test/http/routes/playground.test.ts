/** The page at `/` and what it is served with; how it works is seen in a browser, in test/browser. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildPlayground } from "../../../scripts/build-playground.ts";
import { PLAYGROUND_PATHS } from "../../../src/http/routes/playground.ts";
import { PAGE_FILES } from "../../../src/playground/files.ts";
import { makeApp, makeService } from "../../support/app.ts";

const FIRST_LOAD_BYTES_MAX = 100 * 1024;
/** Not loaded with the page. */
const LICENCES = "/playground/licences.txt";

const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  makeApp(makeService()).request(path, { headers });

test("the files are made of the sources as they are", async () => {
  const built = await buildPlayground();
  const names = Object.values(PAGE_FILES).map(({ name }) => name);
  const written = ["page.html", "style.css", "icon.svg"];
  expect(new Set([...written, ...built.keys()])).toEqual(new Set(names));
  expect(readdirSync("data/page").toSorted()).toEqual(names.toSorted());
  for (const [name, bytes] of built) {
    expect(readFileSync(`data/page/${name}`).equals(bytes)).toBe(true);
  }
});

test("the first load is small, and everything it needs comes from here", async () => {
  const loaded = PLAYGROUND_PATHS.filter((path) => path !== LICENCES);
  let bytes = 0;
  for (const path of loaded) {
    const response = await get(path);
    expect(response.status).toBe(200);
    bytes += gzipSync(await response.arrayBuffer()).length;
  }
  expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  const page = await (await get("/")).text();
  const style = await (await get("/playground/style.css")).text();
  const addresses = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, address]) => address);
  const urls = [...style.matchAll(/url\("([^"]+)"\)/g)].map(([, address]) => address);
  expect(new Set(["/", ...addresses, ...urls])).toEqual(new Set(loaded));
});

test("the page may run nothing but its own files, and nobody may frame it", async () => {
  const response = await get("/");
  const policy = response.headers.get("Content-Security-Policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("trusted-types 'none'");
  expect(policy).not.toContain("unsafe");
  expect(response.headers.get("Content-Type")).toContain("text/html");
  expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|style="| on\w+="/);
});

test("the font arrives as bytes, and what is there already is not sent again", async () => {
  const font = await get("/playground/display.woff2");
  const bytes = new Uint8Array(await font.arrayBuffer());
  expect(new TextDecoder().decode(bytes.slice(0, 4))).toBe("wOF2");
  const tag = font.headers.get("ETag") ?? "";
  const again = await get("/playground/display.woff2", { "If-None-Match": tag });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});

test("every library of the page and its font come with their licence", async () => {
  const text = await (await get(LICENCES)).text();
  for (const name of ["micromark 4", "mdast-util-from-markdown 2", "eventsource-parser 4"]) {
    expect(text).toContain(name);
  }
  expect(text).toContain("SIL Open Font License");
  expect(text).toContain("Permission is hereby granted");
});
