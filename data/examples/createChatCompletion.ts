import OpenAI from "openai";

const url = process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:8787";
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
const { choices } = await openai.chat.completions.create({
  model: "tributary",
  messages: [{ role: "user", content: "What is backpressure?" }],
});
console.log(choices[0]?.message.content);
