/** The service about itself: health, metrics, this document, the pages. */
import * as z from "zod";
import { Liveness, Readiness } from "./bodies.ts";
import { describe } from "./operation.ts";

const NOT_MODIFIED = { description: "You have it already.", headers: ["ETag"] } as const;
const page = <const Path extends string>(summary: string, path: Path) =>
  describe({
    method: "get",
    path,
    tag: "Service",
    summary,
    headers: ["If-None-Match"],
    isOpen: true,
    replies: {
      200: { description: "The page.", text: ["text/html"], headers: ["ETag"] },
      304: NOT_MODIFIED,
    },
    errors: [],
  });

const healthOperations = {
  getLiveness: describe({
    method: "get",
    path: "/livez",
    tag: "Service",
    summary: "Is the process alive?",
    isOpen: true,
    replies: { 200: { description: "It is.", json: Liveness } },
    errors: [],
  }),
  getReadiness: describe({
    method: "get",
    path: "/readyz",
    tag: "Service",
    summary: "Can it take questions, and for which collections?",
    isOpen: true,
    replies: {
      200: { description: "It can.", json: Readiness },
      503: {
        description: "It cannot: it is shutting down, or its store cannot be read.",
        json: Readiness,
      },
    },
    errors: [],
  }),
  getMetrics: describe({
    method: "get",
    path: "/metrics",
    tag: "Service",
    summary: "Read the metrics",
    description: "In Prometheus' text format. Not there when `METRICS` is off.",
    replies: { 200: { description: "The metrics.", text: ["text/plain"] } },
    errors: ["not_found"],
  }),
};

export function createServiceOperations(pages: readonly string[]) {
  return { ...healthOperations, ...createPageOperations(pages) };
}

function createPageOperations(pages: readonly string[]) {
  const files = pages.filter((path) => path !== "/").map((path) => path.split("/").at(-1) ?? "");
  return {
    getOpenApi: describe({
      method: "get",
      path: "/openapi.json",
      tag: "Service",
      summary: "Read this document",
      headers: ["If-None-Match"],
      isOpen: true,
      replies: {
        200: { description: "OpenAPI 3.1.", text: ["application/json"], headers: ["ETag"] },
        304: NOT_MODIFIED,
      },
      errors: [],
    }),
    getDocs: page("Read this document as a page", "/docs"),
    getDocsStyle: describe({
      ...page("The page's looks", "/docs/style.css"),
      replies: {
        200: { description: "The stylesheet.", text: ["text/css"], headers: ["ETag"] },
        304: NOT_MODIFIED,
      },
    }),
    getPlayground: page("Ask in a browser", "/"),
    getPlaygroundFile: describe({
      ...page("A part of that page", "/playground/:file"),
      params: { file: z.enum(files).describe("Which part.") },
      replies: {
        200: {
          description: "The file.",
          text: ["text/css", "text/javascript", "image/svg+xml", "font/woff2", "text/plain"],
          headers: ["ETag"],
        },
        304: NOT_MODIFIED,
      },
      errors: ["not_found"],
    }),
  };
}
