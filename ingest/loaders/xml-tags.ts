/** The tags of a small XML part in their order: for tables of styles and names, where a whole tree is not worth it. */

export interface XmlTag {
  /** Without its namespace. */
  readonly name: string;
  readonly isClosing: boolean;
  /** By name without namespace, references decoded. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** No part reaches beyond the next `<`, so that broken XML is read in linear time too. */
const TAG = /<(\/?)(?:[\w.-]+:)?([\w.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*\/?>/g;
const ATTRIBUTE = /(?:[\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi;
const NAMED: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/** Reads every tag; comments and what is between tags are passed over. */
export function* readTags(xml: string): Generator<XmlTag> {
  for (const [, slash, name = "", rest = ""] of xml.matchAll(TAG)) {
    const attributes = new Map<string, string>();
    for (const [, key = "", double, single] of rest.matchAll(ATTRIBUTE)) {
      attributes.set(key, decode(double ?? single ?? ""));
    }
    yield { name, isClosing: slash === "/", attributes };
  }
}

function decode(value: string): string {
  return value.replace(REFERENCE, (whole, decimal?: string, hex?: string, name = "") => {
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    if (Number.isNaN(code)) return NAMED[String(name)] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
