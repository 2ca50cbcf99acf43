/** What every request of OTLP holds: a resource, a scope, attributes (opentelemetry-proto 1.x). */
import { ProtoWriter } from "./proto-writer.ts";
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

/** One request under construction. What is added is written at once, so that nothing of it is kept but its bytes. */
export class OtlpRequest<T> {
  readonly #writer = new ProtoWriter();
  readonly #write: (writer: ProtoWriter, item: T) => void;
  readonly #resourceItems: number;
  readonly #scopeItems: number;
  #size = 0;

  /** `resource` says whose the items are; `write` writes one into a message of its own. */
  constructor(resource: Attributes, write: (writer: ProtoWriter, item: T) => void) {
    const writer = this.#writer;
    this.#write = write;
    this.#resourceItems = writer.begin(REQUEST.resourceItems);
    writer.message(RESOURCE_ITEMS.resource, () => {
      writeAttributes(writer, RESOURCE.attributes, resource);
    });
    this.#scopeItems = writer.begin(RESOURCE_ITEMS.scopeItems);
    writer.message(SCOPE_ITEMS.scope, () => writer.text(SCOPE.name, SCOPE_NAME));
  }

  /** Items so far. */
  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const started = this.#writer.begin(SCOPE_ITEMS.items);
    this.#write(this.#writer, item);
    this.#writer.end(started);
    this.#size += 1;
  }

  /** The request's body. Nothing is added after this. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#writer.end(this.#scopeItems);
    this.#writer.end(this.#resourceItems);
    return this.#writer.finish();
  }
}

export function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) writeAttribute(writer, field, key, value);
}

export function writeAttribute(
  writer: ProtoWriter,
  field: number,
  key: string,
  value: Attributes[string],
): void {
  const started = writer.begin(field);
  writer.text(KEY_VALUE.key, key);
  const valueStarted = writer.begin(KEY_VALUE.value);
  writeValue(writer, value);
  writer.end(valueStarted);
  writer.end(started);
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
