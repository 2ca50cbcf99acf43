/** Keeps the native library from writing a warning per query to stderr; it reads this once, when it is loaded. */
process.env["LANCEDB_LOG"] ??= "error";
