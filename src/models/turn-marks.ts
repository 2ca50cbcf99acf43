/** Marks by which templates of models part one turn from the next, in text that must not part any. */

/**
 * `<|im_start|>` and its like (ChatML, Llama 3, Phi, Command R, gpt-oss), DeepSeek's with its own bars, `<|turn>` and
 * `<turn|>`; those of Gemma; those of Llama 2 and Mistral.
 */
const MARK =
  /<(?=[|｜][\p{L}\p{N}_▁:-]{1,64}[|｜]?>|[\p{L}\p{N}_▁:-]{1,64}[|｜]>|(?:start_of_turn|end_of_turn|bos|eos|\/?s|<\/?SYS>)>)|\[(?=\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_(?:CALLS|RESULTS|CONTENT)|ARGS|CALL_ID|THINK)\])/gu;
/** No reader sees it, no tokenizer skips it. */
const WORD_JOINER = "\u2060";
/** It as JSON may write it: behind no backslash, or behind pairs of them. */
const ESCAPED = /\\u2060(?<=(?<!\\)(?:\\\\)*\\u2060)/g;

/**
 * The same text with no such mark whole. Servers put the text of a message into the template of the model and read the
 * result as one, llama.cpp, Ollama and vLLM among them: a document that holds the marks would end its turn there and
 * speak as the system.
 */
export function breakTurnMarks(text: string): string {
  return text.replaceAll(MARK, (opening) => opening + WORD_JOINER);
}

/** What a model writes, without what it repeats of such breaks: its words are searched for, and looked up in schemas. */
export function mendTurnMarks(text: string): string {
  return text.replaceAll(WORD_JOINER, "");
}

/** The same for what it writes in JSON. */
export function mendTurnMarksInJson(json: string): string {
  return mendTurnMarks(json).replaceAll(ESCAPED, "");
}
