/** A served collection that is replaced again and again: no reader may see old and new chunks of one document. */
import { type Figure, COLLECTION, inFolder, NEVER, openStore, start, say } from "./measure.ts";

const QUERY = { type: "keyword", limit: 200, timeoutMs: 5_000 } as const;

export async function measureReplacing(seconds: number): Promise<readonly Figure[]> {
  return inFolder(async (folder) => {
    const child = start("replace-child.ts", [folder, String(seconds * 1_000)]);
    while (!child.output().includes("DONE 1 ")) await new Promise((done) => setTimeout(done, 20));
    const store = await openStore(folder);
    let [answers, mixed, failed, slowestMs] = [0, 0, 0, 0];
    const seen = new Map<number, number>();
    const over = new AbortController();
    void child.exit.then(() => over.abort());
    while (!over.signal.aborted) {
      try {
        const snapshot = await store.open(COLLECTION, NEVER);
        const { frequencies } = await snapshot.terms("retries", NEVER);
        const terms = [...frequencies.keys()].map((term) => ({ term, idf: 1 }));
        const hits = await snapshot.search({ ...QUERY, terms }, NEVER);
        const chunks = await snapshot.take(
          hits.map(({ row }) => row),
          NEVER,
        );
        const byDocument = Map.groupBy(chunks, (chunk) => chunk?.documentId);
        const tags = [...byDocument.values()].map(
          (group) => new Set(group.map((chunk) => /round(\d+)/.exec(chunk?.text ?? "")?.[1])),
        );
        if (tags.some((own) => own.size !== 1 || own.has(undefined))) mixed += 1;
        const round = Math.max(...tags.flatMap((own) => [...own]).map(Number));
        if (!seen.has(round)) seen.set(round, Date.now());
        answers += 1;
      } catch (thrown) {
        failed += 1;
        say(String(thrown).slice(0, 200));
      }
    }
    for (const [, round, at] of child.output().matchAll(/^DONE (\d+) (\d+)$/gm)) {
      // A round may be replaced before anyone looks: then a later one was seen.
      const visible = [...seen].filter(([other]) => other >= Number(round)).map(([, atMs]) => atMs);
      if (visible.length > 0) slowestMs = Math.max(slowestMs, Math.min(...visible) - Number(at));
    }
    return [
      {
        what: `${answers} answers while ${seen.size} replacements were seen`,
        figure: `${mixed} mixed, ${failed} failed`,
        goal: "0, 0",
        ok: mixed + failed === 0 && answers > 0 && seen.size > 1,
      },
      {
        what: "a new version becomes visible after",
        figure: `≤ ${slowestMs} ms`,
        goal: "≤ 5000 ms",
        ok: slowestMs <= 5_000,
      },
    ];
  });
}
