/** What every request of OTLP holds: a resource, a scope, attributes (opentelemetry-proto 1.x). */
import type { ProtoWriter } from "./proto-writer.ts";
import type { Attributes } from "./tracer.ts";

/** Numbers of fields, as the published schema has them; spans and metrics have the same ones here. */
const REQUEST = { resourceItems: 1 } as const;
const RESOURCE_ITEMS = { resource: 1, scopeItems: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_ITEMS = { scope: 1, items: 2 } as const;
const SCOPE = { name: 1 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { text: 1, boolean: 2, whole: 3, double: 4, list: 5 } as const;
const LIST = { values: 1 } as const;

const SCOPE_NAME = "tributary";
const NANOSECONDS = 1_000_000;

/** A whole request: `write` writes one item into a message of its own. `resource` says whose they are. */
export function writeRequest<T>(
  writer: ProtoWriter,
  resource: Attributes,
  items: readonly T[],
  write: (item: T) => void,
): void {
  writer.message(REQUEST.resourceItems, () => {
    writer.message(RESOURCE_ITEMS.resource, () => {
      writeAttributes(writer, RESOURCE.attributes, resource);
    });
    writer.message(RESOURCE_ITEMS.scopeItems, () => {
      writer.message(SCOPE_ITEMS.scope, () => writer.text(SCOPE.name, SCOPE_NAME));
      for (const item of items) writer.message(SCOPE_ITEMS.items, () => write(item));
    });
  });
}

export function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(field, () => {
      writer.text(KEY_VALUE.key, key);
      writer.message(KEY_VALUE.value, () => writeValue(writer, value));
    });
  }
}

function writeValue(writer: ProtoWriter, value: Attributes[string]): void {
  if (typeof value === "string") writer.text(ANY_VALUE.text, value);
  else if (typeof value === "boolean") writer.varint(ANY_VALUE.boolean, value ? 1 : 0);
  else if (typeof value !== "number") {
    writer.message(ANY_VALUE.list, () => {
      for (const one of value) writer.message(LIST.values, () => writeValue(writer, one));
    });
  } else if (Number.isSafeInteger(value)) writer.varint(ANY_VALUE.whole, value);
  else writer.double(ANY_VALUE.double, value);
}

/** Since 1970. */
export function toNanoseconds(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * BigInt(NANOSECONDS) + BigInt(Math.round((ms - whole) * NANOSECONDS));
}
