/** Conditions of a read (RFC 9110, section 13.1.2). */

/** Does the header name this ETag, or any? A proxy may have made a weak one of it. */
export function meetsTag(header: string | undefined, etag: string): boolean {
  const tags = header?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(etag);
}
