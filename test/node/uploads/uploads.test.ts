/** Documents over HTTP on a real store: the service, the process that writes, a socket between. */
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DocumentReceipt, UploadEvent } from "../../../src/domain/upload-event.ts";
import { askWith } from "../../support/app.ts";
import { makeLocalStore, makeTempFolder, type TempFolder } from "../../support/local-store.ts";
import { startOtlpReceiver, toTree } from "../../support/otlp-receiver.ts";
import { runProgram, type ServiceProgram, startService } from "../../support/process.ts";

let folder: TempFolder;
let server: ServiceProgram;
beforeAll(async () => {
  folder = await makeLocalStore();
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const startServer = (env: Record<string, string> = {}): Promise<ServiceProgram> =>
  startService({ DATA_DIR: folder.path, ...env });

const at = (path: string): string => `${server.url}/v1/collections/${path}`;
const put = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(at(path), { method: "PUT", body, headers });
const read = async (response: Response) => {
  expect(response.status).toBe(200);
  return DocumentReceipt.parse(await response.json());
};

async function search(collection: string, question: string): Promise<readonly string[]> {
  const body = askWith({ question, collections: [collection] });
  const response = await fetch(`${server.url}/v1/search`, body);
  const found = (await response.json()) as { passages?: readonly { documentId: string }[] };
  return (found.passages ?? []).map(({ documentId }) => documentId);
}

function listChildren(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => {
      try {
        const stat = readFileSync(`/proc/${other}/stat`, "utf8");
        const isOurs = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid;
        return isOurs && readFileSync(`/proc/${other}/cmdline`, "utf8").includes("upload-child");
      } catch {
        return false; // it has just ended
      }
    });
}

test("what was put is found at once, replaced, recognised, and deleted", async () => {
  const path = "fresh/documents/zebra.md";
  const first = await read(await put(path, "# Zebras\n\nThe zebra sleeps at the waterhole."));
  expect(first).toMatchObject({ created: true, unchanged: false, chunksWritten: 1 });
  expect(await search("fresh", "Where does the zebra sleep?")).toEqual(["zebra.md"]);
  const seen = await fetch(at(path));
  expect(seen.headers.get("ETag")).toBe(first.etag);

  expect(
    await read(await put(path, "# Zebras\n\nThe zebra sleeps at the waterhole.")),
  ).toMatchObject({ unchanged: true, chunksReused: 1, etag: first.etag });
  expect((await put(path, "x", { "If-None-Match": "*" })).status).toBe(412);
  expect((await put(path, "x", { "If-Match": '"other"' })).status).toBe(412);
  const second = await read(
    await put(path, "# Okapis\n\nThe okapi eats leaves.", { "If-Match": first.etag ?? "" }),
  );
  expect(second.etag).not.toBe(first.etag);
  expect(await (await fetch(at(path))).text()).toContain("okapi");
  const asked = await fetch(
    `${server.url}/v1/ask`,
    askWith({ question: "What does the okapi eat?", collections: ["fresh"] }),
  );
  expect(JSON.stringify(await asked.json())).toContain("zebra.md");

  expect(await read(await fetch(at(path), { method: "DELETE" }))).toMatchObject({
    chunksRemoved: 1,
  });
  expect((await fetch(at(path))).status).toBe(404);
  expect((await fetch(at(path), { method: "DELETE" })).status).toBe(404);
  expect((await fetch(at("nowhere/documents/a.md"), { method: "DELETE" })).status).toBe(404);
});

test("what a run cited is told as it read it, after the document was replaced and after it was deleted", async () => {
  const path = "pinned/documents/tower.md";
  await read(await put(path, "# Towers\n\nThe lighthouse of Arvik was built in 1871."));
  const question = "When was the lighthouse of Arvik built?";
  const asked = await fetch(`${server.url}/v1/ask`, askWith({ question, collections: ["pinned"] }));
  const { runId, versions } = (await asked.json()) as Cited;
  const quote = async (): Promise<string | undefined> => {
    const response = await fetch(`${server.url}/v1/runs/${runId}`);
    const run = (await response.json()) as Cited;
    expect(run.versions).toEqual(versions);
    const [cited] = run.citations;
    const passage = run.passages.find(({ label }) => label === cited?.label);
    if (cited === undefined || passage === undefined) return undefined;
    const { start, end } = cited.evidence;
    return passage.text.slice(start - passage.start, end - passage.start);
  };
  const sentence = "The lighthouse of Arvik was built in 1871.";
  expect(await quote()).toBe(sentence);
  await read(await put(path, "# Towers\n\nNobody knows when it was built."));
  expect(await quote()).toBe(sentence);
  await read(await fetch(at(path), { method: "DELETE" }));
  expect(await quote()).toBe(sentence);
});

interface Cited {
  readonly runId: string;
  readonly versions: Readonly<Record<string, number>>;
  readonly passages: readonly {
    readonly label: number;
    readonly start: number;
    readonly text: string;
  }[];
  readonly citations: readonly {
    readonly label: number;
    readonly evidence: { readonly start: number; readonly end: number };
  }[];
}

test("a form of an unmodified client, and a table whose rows go with it", async () => {
  const form = new FormData();
  form.set(
    "file",
    new File(["id,title,text\n1,One,The heron wades.\n2,Two,The stork flies.\n"], "birds.csv", {
      type: "text/csv",
    }),
  );
  expect(await read(await put("tables/documents/birds.csv", form))).toMatchObject({
    chunksWritten: 2,
  });
  const less = await read(
    await put("tables/documents/birds.csv", "id,title,text\n1,One,The heron wades.\n"),
  );
  expect(less).toMatchObject({
    unchanged: false,
    chunksWritten: 0,
    chunksReused: 1,
    chunksRemoved: 1,
  });
  expect(await search("tables", "heron stork")).toEqual(["birds.csv#1"]);
});

test(
  "fifty at once to one collection and some to others: none is lost",
  { timeout: 240_000 },
  async () => {
    const names = Array.from({ length: 50 }, (_, index) => `many/documents/note-${index}.md`);
    const others = ["left/documents/a.md", "right/documents/a.md"];
    const responses = await Promise.all(
      [...names, ...others].map((name, index) =>
        put(name, `# Note\n\nThe animal number ${index} sleeps.`),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    const reads = await Promise.all([...names, ...others].map((name) => fetch(at(name))));
    expect(reads.map(({ status }) => status)).toEqual(reads.map(() => 200));
  },
);

test("progress comes as events with one end", async () => {
  const response = await put("fresh/documents/seal.md", "The seal swims.", {
    Accept: "text/event-stream",
  });
  const events = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, json = ""]) =>
    UploadEvent.parse(JSON.parse(json)),
  );
  expect(events[0]).toMatchObject({ type: "upload-start", bytes: 15 });
  expect(events.filter(({ type }) => type === "upload-end")).toEqual([events.at(-1)]);
  expect(events.at(-1)).toMatchObject({ outcome: "finished", receipt: { documentId: "seal.md" } });
  expect(events.flatMap((event) => (event.type === "upload-stage" ? [event.stage] : []))).toEqual([
    "waiting",
    "loading",
    "embedding",
    "committing",
    "indexing",
  ]);
});

test("a body that is cut off changes nothing and leaves nothing behind", async () => {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(
    `PUT /v1/collections/guide/documents/retries.md HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\nhalf a docu`,
  );
  await expect.poll(() => readdirSync(join(folder.path, "uploads")).length).toBe(1);
  socket.destroy();
  await expect.poll(() => readdirSync(join(folder.path, "uploads"))).toEqual([]);
  expect(await (await fetch(at("guide/documents/retries.md"))).text()).toContain("jitter");
});

test("a folder does not delete what was uploaded", async () => {
  await read(await put("mixed/documents/uploaded.md", "The walrus rests on the ice."));
  await using files = await makeTempFolder();
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(files.path, "folder.md"), "The penguin dives.");
  const args = [files.path, "--collection", "mixed", "--delete-missing"];
  const ran = await runProgram("ingest/main.ts", args, { DATA_DIR: folder.path });
  expect([ran.code, ran.stderr]).toMatchObject([0, expect.anything()]);
  expect((await fetch(at("mixed/documents/uploaded.md"))).status).toBe(200);
});

test(
  "the writing process killed: its uploads are refused, the next one works",
  { timeout: 240_000 },
  async () => {
    const service = server.pid;
    await read(await put("fresh/documents/warm.md", "It is warm."));
    const text = Array.from(
      { length: 20_000 },
      (_, index) => `Sentence ${index} tells of a cold river and its stones.\n\n`,
    ).join("");
    const response = await put("fresh/documents/warm.md", text, { Accept: "text/event-stream" });
    let events = "";
    let killed = false;
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      events += piece;
      if (killed || !events.includes('"embedding"')) continue;
      for (const pid of listChildren(service)) process.kill(pid, "SIGKILL");
      killed = true;
    }
    expect(events).toContain('"code":"ingest_failed"');
    expect(events.match(/event: upload-end/g)).toHaveLength(1);
    expect(await (await fetch(at("fresh/documents/warm.md"))).text()).toContain("It is warm.");
    expect((await put("fresh/documents/warm.md", "It is cold.")).status).toBe(200);
  },
);

test(
  "a signal that the whole group gets leaves the writing process to finish what the service waits for",
  { timeout: 240_000 },
  async () => {
    const service = server.pid;
    await read(await put("fresh/documents/moor.md", "It is wide."));
    const text = Array.from(
      { length: 4_000 },
      (_, index) => `Sentence ${index} tells of a wide moor and its birds.\n\n`,
    ).join("");
    const response = await put("fresh/documents/moor.md", text, { Accept: "text/event-stream" });
    let events = "";
    let told = false;
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      events += piece;
      if (told || !events.includes('"embedding"')) continue;
      for (const pid of listChildren(service)) process.kill(pid, "SIGTERM");
      told = true;
    }
    expect(told).toBe(true);
    expect(events).toContain('"outcome":"finished"');
  },
);

test(
  "the service killed: no half document, the spool is cleaned at the next start",
  { timeout: 240_000 },
  async () => {
    const text = Array.from(
      { length: 4_000 },
      (_, index) => `Sentence ${index} tells of a wide lake and its reeds.\n\n`,
    ).join("");
    const cut = put("fresh/documents/lake.md", text).catch(() => undefined);
    await expect.poll(() => readdirSync(join(folder.path, "uploads")).length).toBe(1);
    server.kill("SIGKILL");
    await server.exit;
    await cut;
    server = await startServer();
    expect(readdirSync(join(folder.path, "uploads"))).toEqual([]);
    expect([200, 404]).toContain((await fetch(at("fresh/documents/lake.md"))).status);
    expect((await put("fresh/documents/lake.md", "The lake is calm.")).status).toBe(200);
  },
);

test("what is written is a tree of spans below the caller's, sent before the process that writes ends", async () => {
  await using receiver = await startOtlpReceiver();
  await using store = await makeTempFolder();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, UPLOAD_IDLE_MS: "100" };
  const own = { DATA_DIR: store.path, ...env };
  await using seen = await startServer(own);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const written = await fetch(`${seen.url}/v1/collections/traced/documents/a.md`, {
    method: "PUT",
    body: "# A\n\nA bounded queue refuses work.\n",
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  });
  expect(written.status).toBeLessThan(300);
  // The samples were ingested before, in traces of their own.
  const list = () => receiver.spans.filter((span) => span.traceId === traceId);
  const findRoot = () => list().find(({ name }) => name === "ingest");
  // It ends last. What ended long before it may have been sent alone.
  await expect.poll(findRoot).toBeDefined();
  expect(toTree(list())).toBe("ingest(commit + embed + index)");
  const root = findRoot();
  expect(root?.parentSpanId).toBe("b7ad6b7169203331");
});

test("the process that writes leaves nothing in the folder for temporary files when it ends", async () => {
  await using temporary = await makeTempFolder();
  const own = { DATA_DIR: folder.path, TMPDIR: temporary.path, UPLOAD_IDLE_MS: "100" };
  await using other = await startServer(own);
  const upload = async (text: string): Promise<readonly string[]> => {
    const address = `${other.url}/v1/collections/cranes/documents/crane.md`;
    const body = `# Cranes\n\n${text}\n\n`.repeat(300); // read by a parser
    expect((await fetch(address, { method: "PUT", body })).status).toBe(200);
    await expect.poll(() => listChildren(other.pid), { timeout: 20_000 }).toEqual([]);
    return readdirSync(temporary.path);
  };
  const first = await upload("The crane stands in the marsh.");
  expect(await upload("The crane flies over the marsh.")).toEqual(first);
}, 60_000);
