/** The page at `/docs`: the OpenAPI document as HTML, which needs no script. */
import { html } from "hono/html";
import type { Json, OpenApi } from "../to-openapi.ts";
import { type Examples, type Language, LANGUAGES } from "./examples.ts";
import { toLimits, toSchemaTable, toTypeWords } from "./schema.ts";

type Html = ReturnType<typeof html>;

interface Media {
  readonly schema?: Json;
  readonly "x-event-schema"?: Json;
}
interface Reply {
  readonly description: string;
  readonly headers: Json;
  readonly content?: Readonly<Record<string, Media>>;
  readonly "x-codes"?: readonly string[];
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Json;
}
interface Entry {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Reply>>;
}

/** Nothing runs on the page, and nothing comes from elsewhere. */
export const DOCS_POLICY =
  "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Writes the page. */
export async function toDocsPage(api: OpenApi, examples: Examples): Promise<string> {
  const entries = listEntries(api);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Tributary: API</title>
        <link rel="icon" href="/playground/icon.svg" />
        <link rel="stylesheet" href="/playground/style.css" />
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <a class="skip" href="#text">Skip to the routes</a>
        <header class="top">
          <a class="brand" href="/">Tributary</a>
          <nav aria-label="Pages">
            <a href="/">Playground</a><a href="/openapi.json">openapi.json</a>
          </nav>
        </header>
        <main class="guide">
          ${toIndex(api, entries)}
          <div class="text" id="text">
            <h1>The API</h1>
            <p class="lead">${api.info.summary} ${api.info.description}</p>
            ${api.tags.map(
              ({ name, description }) =>
                html`<section aria-labelledby="tag-${name}">
                  <h2 id="tag-${name}">${name}</h2>
                  <p class="lead">${description}</p>
                  ${entries.filter(({ tags }) => tags.includes(name)).map((entry) => toEntry(entry, examples))}
                </section>`,
            )}
            <section aria-labelledby="schemas">
              <h2 id="schemas">Schemas</h2>
              ${Object.entries(api.components.schemas).map(([name, schema]) => toSchema(name, schema))}
            </section>
          </div>
        </main>
      </body>
    </html> `;
  return String(await page);
}

function listEntries({ paths }: OpenApi): readonly Entry[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, entry]) => ({ ...entry, method, path }) as unknown as Entry,
    ),
  );
}

function toIndex({ tags }: OpenApi, entries: readonly Entry[]): Html {
  return html`<nav class="index" aria-label="Routes">
    ${tags.map(
      ({ name }) =>
        html`<h2>${name}</h2>
          <ul>
            ${entries
              .filter((entry) => entry.tags.includes(name))
              .map(
                ({ operationId, summary }) =>
                  html`<li><a href="#${operationId}">${summary}</a></li>`,
              )}
          </ul>`,
    )}
    <h2>More</h2>
    <ul>
      <li><a href="#schemas">Schemas</a></li>
    </ul>
  </nav>`;
}

function toEntry(entry: Entry, examples: Examples): Html {
  const { operationId, method, path, summary, description, parameters, requestBody } = entry;
  return html`<article class="entry" id="${operationId}">
    <h3>${summary}</h3>
    <p class="address">
      <span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code>
    </p>
    ${description === undefined ? "" : html`<p>${toInline(description)}</p>`}
    ${toParameters(parameters)}
    ${
      requestBody === undefined
        ? ""
        : html`<h4>Body</h4>
            <p>JSON: ${toContent(requestBody.content)}</p>`
    }
    ${toExamples(examples[operationId] ?? {})} ${toResponses(entry)}
  </article> `;
}

function toParameters(parameters: readonly Parameter[]): Html {
  return html`<h4>Parameters</h4>
    <div class="scroll" tabindex="0" role="group" aria-label="Parameters">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">In</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${parameters.map(
            ({ name, in: place, required, description = "", schema }) =>
              html`<tr>
                <th scope="row">
                  <code>${name}</code
                  >${required === true ? html` <span class="must">required</span>` : ""}
                </th>
                <td>${place}</td>
                <td>${toInline(description)}${toLimits(schema)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function toResponses({ responses }: Entry): Html {
  return html`<h4>Responses</h4>
    <div class="scroll" tabindex="0" role="group" aria-label="Responses">
      <table>
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">When</th>
            <th scope="col">Body</th>
          </tr>
        </thead>
        <tbody>
          ${Object.entries(responses).map(
            ([status, { description, content = {} }]) =>
              html`<tr>
                <th scope="row">${status}</th>
                <td>${toInline(description)}</td>
                <td>${toContent(content)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function toContent(content: Readonly<Record<string, Media>>): Html {
  const kinds = Object.entries(content).map(([type, { schema, "x-event-schema": event }]) => {
    if (event !== undefined) return html`<code>${type}</code> of ${toTypeWords(event)}`;
    const named = (schema?.["allOf"] as readonly Json[] | undefined)?.[0] ?? schema;
    return named === undefined ? html`<code>${type}</code>` : toTypeWords(named);
  });
  return html`${kinds.map((kind, index) => (index === 0 ? kind : html`<br />${kind}`))}`;
}

function toExamples(examples: Examples[string]): Html {
  const given = Object.entries(examples);
  if (given.length === 0) return html``;
  return html`<h4>Examples</h4>
    ${given.map(
      ([language, text]) =>
        html`<details>
          <summary>${LANGUAGES[language as Language]}</summary>
          <pre tabindex="0"><code>${text}</code></pre>
        </details>`,
    )}`;
}

function toSchema(name: string, schema: Json): Html {
  const { description } = schema;
  return html`<article class="entry" id="schema-${name}">
    <h3>${name}</h3>
    ${typeof description === "string" ? html`<p>${toInline(description)}</p>` : ""}
    ${toSchemaTable(schema)}
  </article> `;
}

/** Words between backticks are code. */
function toInline(text: string): Html {
  const parts = text
    .split("`")
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
  return html`${parts}`;
}
