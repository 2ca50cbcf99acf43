/** How a document that came over HTTP is told from one that came from a folder: by its source. */

/** No path relative to a folder holds two slashes in a row. */
const PREFIX = "upload://";

/** The source of what was uploaded under this id. */
export function toUploadSource(id: string): string {
  return `${PREFIX}${id}`;
}

/** Does no folder decide about a document of this source? */
export function isUploaded(source: string): boolean {
  return source.startsWith(PREFIX);
}

/** The id under which this source was uploaded; undefined for what a folder brought. */
export function toUploadId(source: string): string | undefined {
  return isUploaded(source) ? source.slice(PREFIX.length) : undefined;
}
