/** The field for a JSON Schema: with one the answer is a value. */
import { find } from "./dom.ts";
import type { Question } from "./client.ts";

type Output = Question["output"];

export interface SchemaView {
  /** Undefined: none is wanted. `wrong`: it is no schema, which the field now says. */
  read(): Output | "wrong";
  /** Puts the schema of an earlier question there. */
  write(output: Output): void;
}

/** Creates the view. */
export function createSchemaView(): SchemaView {
  const chip = find("as-value-chip", HTMLLabelElement);
  const isWanted = find("as-value", HTMLInputElement);
  const box = find("schema-box", HTMLDivElement);
  const field = find("schema", HTMLTextAreaElement);
  const note = find("schema-note", HTMLParagraphElement);
  const parse = (): Output | "wrong" => {
    if (chip.hidden || !isWanted.checked) return undefined;
    try {
      const schema: unknown = JSON.parse(field.value);
      if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return "wrong";
      return { schema: schema as Readonly<Record<string, unknown>> };
    } catch {
      return "wrong";
    }
  };
  isWanted.addEventListener("change", () => {
    box.hidden = !isWanted.checked;
    if (isWanted.checked) field.focus();
  });
  return {
    read() {
      const output = parse();
      note.textContent = output === "wrong" ? "This is not a JSON object." : "";
      if (output === "wrong") field.focus();
      return output;
    },
    write(output) {
      if (output !== undefined) field.value = JSON.stringify(output.schema, undefined, 2);
      isWanted.checked = output !== undefined;
      box.hidden = output === undefined;
      note.textContent = "";
    },
  };
}
