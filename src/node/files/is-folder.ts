/** Where a store can be: a folder of this machine, or an address of object storage or of a server. */

/** Is it a folder? Else it is an address such as s3://bucket/path. */
export function isFolder(place: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(place);
}
