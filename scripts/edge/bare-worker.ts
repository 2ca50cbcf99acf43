/**
 * The floor of an answer in a Worker: passes the model's words on at the service's pace, and does nothing else.
 * It searches and checks nothing, and knows no failure.
 */
const FLUSH_MS = 40;

export default {
  async fetch(request: Request, { OPENAI_BASE_URL }: { readonly OPENAI_BASE_URL: string }) {
    const upstream = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
      method: "POST",
      body: await request.text(),
    });
    if (upstream.body === null) return upstream;
    const encoder = new TextEncoder();
    const words = upstream.body.pipeThrough(new TextDecoderStream()).getReader();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        let text = "";
        let timer: ReturnType<typeof setTimeout> | undefined;
        const flush = (): void => {
          timer = undefined;
          const data = JSON.stringify({ text });
          controller.enqueue(encoder.encode(`event: text-delta\ndata: ${data}\n\n`));
          text = "";
        };
        for (let next = await words.read(); !next.done; next = await words.read()) {
          for (const line of next.value.split("\n")) {
            if (line.startsWith("data: {")) text += toText(line.slice("data: ".length));
          }
          timer ??= setTimeout(flush, FLUSH_MS);
        }
        clearTimeout(timer);
        flush();
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },
};

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

function toText(json: string): string {
  return (JSON.parse(json) as Chunk).choices[0]?.delta.content ?? "";
}
