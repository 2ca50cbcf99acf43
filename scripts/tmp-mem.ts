import { benchStreamMemory } from "./serving/stream-memory.ts";
console.log(JSON.stringify(await benchStreamMemory()));
