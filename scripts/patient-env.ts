/** Settings under which no leg of a search is given up for its time, and no collection read as it was, however busy the machine is with other work. */
export const PATIENT_SEARCH_ENV = {
  EMBED_ATTEMPT_TIMEOUT_MS: "20000",
  EMBED_TIMEOUT_MS: "21000",
  SEARCH_TIMEOUT_MS: "25000",
  STALE_AFTER_MS: "25000",
  TAKE_TIMEOUT_MS: "25000",
} as const;
