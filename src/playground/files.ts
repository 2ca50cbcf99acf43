/** The playground's files by their addresses: `scripts/build-playground.ts` makes them, and they lie in data/page. */

export interface PageFile {
  /** Its name in data/page. */
  readonly name: string;
  readonly type: string;
}

const SCRIPT = "text/javascript; charset=utf-8";

export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/": { name: "page.html", type: "text/html; charset=utf-8" },
  "/playground/style.css": { name: "style.css", type: "text/css; charset=utf-8" },
  "/playground/early.js": { name: "early.js", type: SCRIPT },
  "/playground/script.js": { name: "script.js", type: SCRIPT },
  "/playground/icon.svg": { name: "icon.svg", type: "image/svg+xml" },
  "/playground/display.woff2": { name: "display.woff2", type: "font/woff2" },
  "/playground/licences.txt": { name: "licences.txt", type: "text/plain; charset=utf-8" },
};
