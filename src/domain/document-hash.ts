/** The hash that is stored with a document: of what it says, and of the file that it is made of. Its ETag follows from it. */

const SEPARATOR = ".";

/**
 * The hash to store. That of the file is known only for a file that is one document: a file of many
 * could have been stored in part.
 */
export function joinHashes(ofDocument: string, ofFile: string | undefined): string {
  return ofFile === undefined ? ofDocument : `${ofDocument}${SEPARATOR}${ofFile}`;
}

/** The two parts of a stored hash. */
export function splitHashes(stored: string): { ofDocument: string; ofFile: string | undefined } {
  const [ofDocument = "", ofFile] = stored.split(SEPARATOR);
  return { ofDocument, ofFile };
}

/** The ETag of the document with this stored hash: whatever file it is read from, it is the same. */
export function toEtag(stored: string): string {
  return `"${splitHashes(stored).ofDocument}"`;
}
