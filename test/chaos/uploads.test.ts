/** Uploads whose vectors come from an endpoint: what was paid for once is not asked for again. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { startUpstream } from "../../scripts/chaos/upstream.ts";
import { makeTempFolder } from "../support/local-store.ts";
import { startService } from "../support/process.ts";

const SECTIONS = 12;

/** A section is a chunk. */
function toPage(changed: number | undefined): string {
  return Array.from({ length: SECTIONS }, (_, at) => {
    const words = `Part ${at} tells of ${at === changed ? "drains and gutters" : "queues"}. `;
    return `# Section ${at}\n\n${words.repeat(40)}\n`;
  }).join("\n");
}

test("a changed page is paid for where it changed, and a page of another collection not at all", async () => {
  await using upstream = await startUpstream();
  await using folder = await makeTempFolder();
  const DATA_DIR = join(folder.path, "store");
  const model = { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: "sk-x", EMBEDDING_MODEL: "m" };
  await using service = await startService({ DATA_DIR, ...model });
  /** Bytes that the endpoint was sent for it. */
  const put = async (path: string, body: string): Promise<number> => {
    upstream.journal.reset();
    const response = await fetch(`${service.url}/v1/collections/${path}`, {
      method: "PUT",
      body,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ unchanged: false });
    const asked = upstream.journal.entries.filter(({ on }) => on === "embeddings");
    return asked.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
  };
  const whole = await put("notes/documents/page.md", toPage(undefined));
  expect(whole).toBeGreaterThan(SECTIONS * 500);
  const part = await put("notes/documents/page.md", toPage(3));
  expect(part).toBeGreaterThan(500);
  expect(part).toBeLessThan(whole / 4);
  expect(await put("others/documents/page.md", toPage(3))).toBe(0);
});
