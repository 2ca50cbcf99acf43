import { mkdtemp, rm } from "node:fs/promises";
import { loadBenchCollections, measure, startService, startUpstream } from "./bench-answers.ts";
const folder = await mkdtemp("/tmp/tprof-");
try {
  await loadBenchCollections(folder);
  await using up = await startUpstream();
  {
    await using server = await startService(folder, up.port, {
      NODE_OPTIONS:
        "--max-semi-space-size=16 --cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=/tmp/perf/p512",
    });
    await measure(server, { askers: 16, answers: 300 });
    const r = await measure(server, { askers: Number(process.argv[2] ?? 512), answers: 3000 });
    console.log(JSON.stringify(r));
    server.child.kill("SIGTERM");
    await server.exit;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
