import { expect, test } from "vitest";
import { createEmbedThread } from "../../../ingest/embed/embed-thread.ts";
import { createStaticEmbedder } from "../../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../../src/node/load/load-static-table.ts";

const { signal } = new AbortController();

test("the thread gives the vectors the embedder gives, and none for a text of unknown tokens", async () => {
  const bundled = createStaticEmbedder(await loadStaticTable());
  const thread = createEmbedThread(bundled);
  try {
    expect(thread.embedder).toMatchObject({ id: bundled.id, dimensions: bundled.dimensions });
    const texts = Array.from({ length: 200 }, (_, at) =>
      at % 50 === 7 ? "" : `Text number ${at}.`,
    );
    const expected = await bundled.embed(texts, "document", signal);
    const calls = [thread.embedder.embed(texts, "document", signal)];
    calls.push(thread.embedder.embed(texts.toReversed(), "document", signal));
    const [vectors, reversed] = await Promise.all(calls);
    expect(vectors).toEqual(expected);
    expect(reversed).toEqual(expected.toReversed());
    expect(vectors?.[7]).toBeUndefined();
    await thread.close();
    expect(await thread.embedder.embed(texts, "document", signal)).toEqual(expected);
    const stopped = thread.embedder.embed(texts, "document", AbortSignal.abort(new Error("stop")));
    await expect(stopped).rejects.toThrow("stop");
  } finally {
    await thread.close();
  }
});
