/** A JSON Schema in words and tables: what a field holds, and within which limits. */
import { html } from "hono/html";
import type { Json } from "../to-openapi.ts";

type Html = ReturnType<typeof html>;
type Schema = Json & {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
};

/** What fits, in a few words, with links to the schemas that have names. */
export function toTypeWords(given: Json): Html {
  const schema = given as Schema;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if ("const" in schema) return html`<code>${JSON.stringify(schema["const"])}</code>`;
  if (schema.enum !== undefined) return toList(schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return join(branches.map(toTypeWords), " or ");
  if (schema.type === "array") return html`list of ${toTypeWords(schema.items ?? {})}`;
  if (schema.type !== "object") return html`${[schema.type ?? "any value"].flat().join(" or ")}`;
  const { additionalProperties: values } = schema;
  return typeof values === "object" && schema.properties === undefined
    ? html`map of ${toTypeWords(values)}`
    : html`object`;
}

/** The fields of a schema, those of objects within it under dotted names; its forms where it has several. */
export function toSchemaTable(given: Json): Html {
  const schema = given as Schema;
  const rows = toRows(schema, "");
  if (rows.length === 0) return html`<p>${toTypeWords(schema)}</p>`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Fields">
    <table>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Holds</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function toRows(schema: Schema, prefix: string): readonly Html[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const inner = field.type === "array" ? field.items : field;
    const mark = field.type === "array" ? `${path}[].` : `${path}.`;
    return [
      toRow(path, field, required.has(name)),
      ...(inner === undefined ? [] : toRows(inner, mark)),
    ];
  });
}

function toRow(path: string, field: Schema, isRequired: boolean): Html {
  const must = isRequired ? html` <span class="must">required</span>` : "";
  const { description } = field;
  return html`<tr>
    <th scope="row"><code>${path}</code>${must}</th>
    <td>
      ${toTypeWords(field)}${toLimits(field)}${description === undefined ? "" : html`<br />${description}`}
    </td>
  </tr>`;
}

const LIMITS: Readonly<Record<string, string>> = {
  minimum: "at least",
  exclusiveMinimum: "more than",
  maximum: "at most",
  minLength: "characters at least",
  maxLength: "characters at most",
  minItems: "entries at least",
  maxItems: "entries at most",
  pattern: "matches",
  default: "default",
};

/** ` · at most 64 · default "direct"`. */
export function toLimits(schema: Json): Html {
  const words = Object.entries(LIMITS).flatMap(([key, word]) => {
    const value = schema[key];
    if (value === undefined || JSON.stringify(value) === "{}") return [];
    return [`${word} ${typeof value === "string" ? value : JSON.stringify(value)}`];
  });
  return words.length === 0 ? html`` : html` <span class="limits">· ${words.join(" · ")}</span>`;
}

function toList(values: readonly unknown[]): Html {
  return join(
    values.map((value) => html`<code>${String(value)}</code>`),
    ", ",
  );
}

function join(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, index) => (index === 0 ? part : html`${between}${part}`))}`;
}
