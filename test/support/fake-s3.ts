/** Object storage in memory over HTTP: as much of S3 as LanceDB asks for, with its conditions on writes. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface FakeS3 extends AsyncDisposable {
  /** What STORE_OPTIONS must be. */
  readonly options: string;
  readonly objects: Map<string, Buffer>;
  /** Names of objects that were written under a condition, and whether it held. */
  readonly conditions: { readonly name: string; readonly held: boolean }[];
  /** Awaited before a write is looked at. */
  beforePut: (name: string) => Promise<void> | void;
  /** What every request is answered, while there is something: a status, and a code of S3. */
  refusal: readonly [number, string] | undefined;
  /** Is a web page all that is answered, whatever is asked? */
  isPage: boolean;
  /** Does every read end in the middle? */
  breaksOff: boolean;
}

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

const toTag = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;
const toXml = (element: string, body: string): Reply => ({
  status: 200,
  body: `<${element}>${body}</${element}>`,
});
const fail = (status: number, code: string): Reply => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

/** One bucket, `bucket`, in path style. */
export async function startFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const conditions: { name: string; held: boolean }[] = [];
  const state: Pick<FakeS3, "beforePut" | "refusal" | "isPage" | "breaksOff"> = {
    beforePut: () => {},
    refusal: undefined,
    isPage: false,
    breaksOff: false,
  };

  const put = (name: string, bytes: Buffer, ifNone: boolean, ifTag?: string): Reply => {
    const old = objects.get(name);
    const held =
      (!ifNone || old === undefined) &&
      (ifTag === undefined || (old !== undefined && toTag(old) === ifTag));
    if (ifNone || ifTag !== undefined) conditions.push({ name, held });
    if (!held) return fail(412, "PreconditionFailed");
    objects.set(name, bytes);
    return { status: 200, headers: { ETag: toTag(bytes) } };
  };
  const get = (name: string, { method, headers }: IncomingMessage): Reply => {
    const bytes = objects.get(name);
    if (bytes === undefined) return fail(404, "NoSuchKey");
    const shared = { ETag: toTag(bytes), "Last-Modified": new Date().toUTCString() };
    if (method === "HEAD") {
      return { status: 200, headers: { ...shared, "Content-Length": String(bytes.length) } };
    }
    const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "") ?? [];
    if (from === "" && to === "") return { status: 200, headers: shared, body: bytes };
    const start = from === "" ? bytes.length - Number(to) : Number(from);
    const end = from === "" || to === "" ? bytes.length : Math.min(bytes.length, Number(to) + 1);
    const range = `bytes ${start}-${end - 1}/${bytes.length}`;
    const body = bytes.subarray(start, end);
    return { status: 206, headers: { ...shared, "Content-Range": range }, body };
  };

  /** Multipart: begun, a part, and the end. */
  const upload = (name: string, bytes: Buffer, query: URLSearchParams, ifNone: boolean): Reply => {
    const id = query.get("uploadId") ?? String(uploads.size + 1);
    const parts = uploads.get(id) ?? new Map<number, Buffer>();
    uploads.set(id, parts);
    if (query.has("uploads")) {
      return toXml("InitiateMultipartUploadResult", `<UploadId>${id}</UploadId>`);
    }
    if (query.has("partNumber")) {
      parts.set(Number(query.get("partNumber")), bytes);
      return { status: 200, headers: { ETag: toTag(bytes) } };
    }
    const sorted = [...parts].toSorted(([one], [other]) => one - other);
    const whole = Buffer.concat(sorted.map(([, part]) => part));
    const done = put(name, whole, ifNone);
    if (done.status !== 200) return done;
    return toXml("CompleteMultipartUploadResult", `<ETag>${toTag(whole)}</ETag>`);
  };
  const remove = (names: readonly string[]): Reply => {
    for (const name of names) objects.delete(name);
    const gone = names.map((name) => `<Deleted><Key>${name}</Key></Deleted>`);
    return toXml("DeleteResult", gone.join(""));
  };
  const write = async (
    name: string,
    query: URLSearchParams,
    request: IncomingMessage,
  ): Promise<Reply> => {
    const bytes = Buffer.concat((await request.toArray()) as Buffer[]);
    const { method, headers } = request;
    const ifNone = headers["if-none-match"] === "*";
    if (query.has("uploads") || query.has("uploadId")) return upload(name, bytes, query, ifNone);
    if (query.has("delete")) {
      return remove(
        [...bytes.toString().matchAll(/<Key>(.*?)<\/Key>/g)].map((key) => key[1] ?? ""),
      );
    }
    if (method === "DELETE") return { ...remove([name]), status: 204, body: "" };
    await state.beforePut(name);
    return put(name, bytes, ifNone, headers["if-match"]);
  };
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    if (state.refusal !== undefined) return fail(...state.refusal);
    if (state.isPage) return { status: 200, body: "<!doctype html><title>Sign in</title>" };
    const { pathname, searchParams: query } = new URL(request.url ?? "", "http://s3");
    const name = decodeURIComponent(pathname).replace(/^\/bucket\/?/, "");
    if (request.method !== "GET" && request.method !== "HEAD") return write(name, query, request);
    return name === "" ? { status: 200, body: list(objects, query) } : get(name, request);
  };

  const server = createServer((request, response) => {
    const give = state.breaksOff && request.method === "GET" ? breakOff : send;
    void answer(request).then((reply) => give(response, reply));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.assign(state, {
    options: `endpoint=http://127.0.0.1:${port},allow_http=true,region=us-east-1,access_key_id=zqid,secret_access_key=zqsecret`,
    objects,
    conditions,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function send(response: ServerResponse, { status, headers = {}, body = "" }: Reply): void {
  const length = { "Content-Length": String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...length, ...headers }).end(body);
}

function breakOff(response: ServerResponse, { status, headers = {}, body = "" }: Reply): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "Content-Length": String(bytes.length) });
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

/** ListObjectsV2, everything on one page. */
function list(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const after = query.get("start-after") ?? "";
  const folders = new Set<string>();
  const contents: string[] = [];
  for (const [key, bytes] of [...objects].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    if (!key.startsWith(prefix) || key <= after) continue;
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (end >= 0) folders.add(key.slice(0, end + 1));
    else {
      contents.push(
        `<Contents><Key>${key}</Key><LastModified>${new Date().toISOString()}</LastModified><ETag>${toTag(bytes)}</ETag><Size>${bytes.length}</Size></Contents>`,
      );
    }
  }
  const common = [...folders].map(
    (folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`,
  );
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}${common.join("")}</ListBucketResult>`;
}
