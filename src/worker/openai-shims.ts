/**
 * Put by wrangler.toml in place of the resources of the openai package. Its client makes one of each, and none is asked:
 * `sdk` in `OpenAiClient` knows `post` alone.
 */
function Unasked(): void {
  // Nothing to make.
}

export {
  Unasked as Admin,
  Unasked as Audio,
  Unasked as Batches,
  Unasked as Beta,
  Unasked as Chat,
  Unasked as Completions,
  Unasked as Containers,
  Unasked as ContentProvenanceChecks,
  Unasked as Conversations,
  Unasked as Decisions,
  Unasked as Embeddings,
  Unasked as Evals,
  Unasked as Files,
  Unasked as FineTuning,
  Unasked as Graders,
  Unasked as Images,
  Unasked as Live,
  Unasked as Models,
  Unasked as Moderations,
  Unasked as Realtime,
  Unasked as Responses,
  Unasked as Safety,
  Unasked as Skills,
  Unasked as Uploads,
  Unasked as VectorStores,
  Unasked as Videos,
  Unasked as Webhooks,
};
