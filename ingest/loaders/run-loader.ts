/** Runs the loader of a format: libraries are loaded when first needed, every thrown thing becomes a problem. */
import type { IngestLimits } from "../limits.ts";
import type { Format } from "../../src/domain/format.ts";
import { type FileReference, type Loader, type LoadEvent, toProblem } from "./load-event.ts";

const LOADERS: Readonly<Record<Format, () => Promise<Loader>>> = {
  markdown: async () => (await import("./markdown.ts")).loadMarkdown,
  rst: async () => (await import("./rst.ts")).loadRst,
  html: async () => (await import("./html.ts")).loadHtml,
  pdf: async () => (await import("./pdf.ts")).loadPdf,
  docx: async () => (await import("./office.ts")).createOfficeLoader("docx"),
  pptx: async () => (await import("./office.ts")).createOfficeLoader("pptx"),
  xlsx: async () => (await import("./office.ts")).createOfficeLoader("xlsx"),
  odt: async () => (await import("./office.ts")).createOfficeLoader("odt"),
  odp: async () => (await import("./office.ts")).createOfficeLoader("odp"),
  ods: async () => (await import("./office.ts")).createOfficeLoader("ods"),
  rtf: async () => (await import("./rtf.ts")).loadRtf,
  epub: async () => (await import("./office.ts")).createOfficeLoader("epub"),
  email: async () => (await import("./email.ts")).loadEmail,
  outlook: async () => (await import("./outlook.ts")).loadOutlook,
  mailbox: async () => (await import("./mailbox.ts")).loadMailbox,
  csv: async () => (await import("./csv.ts")).loadCsv,
  json: async () => (await import("./json.ts")).loadJson,
  jsonl: async () => (await import("./json.ts")).loadJsonl,
  notebook: async () => (await import("./notebook.ts")).loadNotebook,
  subtitles: async () => (await import("./subtitles.ts")).loadSubtitles,
  text: async () => (await import("./plain-text.ts")).loadPlainText,
  code: async () => (await import("./code.ts")).loadCode,
};

/** The loader of a format, with the libraries that it needs. */
export function importLoader(format: Format): Promise<Loader> {
  return LOADERS[format]();
}

/** The events of one file, at least one. Never throws; what was yielded before a fault stays valid. */
export async function* runLoader(
  format: Format,
  bytes: Uint8Array,
  file: FileReference,
  limits: IngestLimits,
): AsyncGenerator<LoadEvent> {
  let isSilent = true;
  try {
    const load = await importLoader(format);
    for await (const event of load(bytes, file, limits)) {
      isSilent = false;
      yield checkEvent(event, limits);
    }
    if (isSilent) yield toProblem(file.id, "no-text", "holds no text; there is nothing to load");
  } catch (cause) {
    const isTooDeep = cause instanceof RangeError && /call stack/i.test(cause.message);
    yield isTooDeep
      ? toProblem(file.id, "too-deep", "is nested too deeply to be read; simplify it", { cause })
      : toProblem(file.id, "damaged", `cannot be read as ${format}; save it anew`, { cause });
  }
}

function checkEvent(event: LoadEvent, limits: IngestLimits): LoadEvent {
  if (event.type === "problem" || event.document.text.length <= limits.textCharsMax) return event;
  const most = limits.textCharsMax.toLocaleString("en");
  const text = `holds more than ${most} characters of text; split it into several files`;
  return toProblem(event.document.id, "too-large", text);
}
