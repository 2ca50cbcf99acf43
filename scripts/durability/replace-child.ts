/** Replaces the same documents again and again for a while, and says when each round was committed. */
import { NEVER, openStore, SPEC, toDocument } from "./measure.ts";

const DOCUMENTS = 20;
const INDEX_EVERY = 4;

const [folder = "", forMs = "1000"] = process.argv.slice(2);
const store = await openStore(folder);
const writer = await store.create(SPEC, NEVER);
const endMs = Date.now() + Number(forMs);
for (let round = 1; Date.now() < endMs; round += 1) {
  const put = Array.from({ length: DOCUMENTS }, (_, at) => toDocument(`d${at}`, `round${round}`));
  await writer.commit({ put, remove: [] }, NEVER);
  process.stdout.write(`DONE ${round} ${Date.now()}\n`);
  if (round % INDEX_EVERY === 0) await writer.index(NEVER);
}
await writer.close();
