/** What `pnpm ingest --help` says. */

export const USAGE = `Usage
  pnpm ingest <paths or globs...> --collection NAME [options]   bring a collection up to its files
  pnpm ingest list                    the collections
  pnpm ingest show NAME               what a collection holds and was built with
  pnpm ingest verify [NAME]           read everything and report what is damaged
  pnpm ingest optimize [NAME]         merge small files, drop old versions, bring indexes up to date
  pnpm ingest rollback NAME           back to the generation before the present one
  pnpm ingest doctor [NAME] [--fix]   check every file of the store by reading it; mend what can be
  pnpm ingest push NAME --to edge --url URL
                                      send a collection, as it is, to a Worker that serves it
  pnpm ingest export NAME [FILE]      write a collection with its vectors to a file, NAME.jsonl without FILE
  pnpm ingest import FILE [NAME]      bring an exported collection in again; nothing is embedded
  pnpm ingest drop NAME [--yes]       delete a collection

Options
  --collection NAME    1-63 lower-case letters, digits, - and _; made when it is not there
  --watch              stay and ingest again whenever the files change
  --dry-run            show what would be added, changed and removed, and what it costs; write nothing
  --delete-missing     remove documents that these paths no longer hold: the collection then mirrors
                       exactly what this command names, so name all its folders at once
  --accept-loss        when a collection is built anew, give up documents that can neither be read
                       nor carried over; without it such a run is refused and names them
  --strict             stop at the first document that cannot be ingested
  --language LANGUAGE  language of the full-text index, or none (guessed for a new collection); another
                       one builds the collection anew beside the old one
  --metadata FIELDS    fields to filter on, for a new collection: name:type,... with the types string,
                       number, boolean, string[]
  --to edge            with --url URL: send the collection to the Worker at that address as well
  --json               one JSON object a line on standard output: progress, problems, then the report
  --fix                with doctor: mend what can be mended
  --help               this text

Settings come from the environment: DATA_DIR is the folder of the store, EMBEDDING_MODEL with
EMBEDDING_BASE_URL, OPENAI_BASE_URL or OPENAI_API_KEY another embedder than the bundled one,
ADMIN_TOKEN the secret of the Worker that --to edge sends to.

Exit codes
  0 done   2 done, but some documents failed, or verify or doctor found damage   28 disk full
  64 wrong usage   65 collection built with something else
  66 input not found   69 embedding endpoint fails   70 bug   74 store fails   75 locked by another writer
  78 wrong setting   130 interrupted (the same command goes on from there)
`;
