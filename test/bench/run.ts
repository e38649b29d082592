/** `npm run bench`: what the product costs, as ratios to a Worker that does only the unavoidable, in one run. */
import { compareAppends } from "./append.ts";
import { compareClaims } from "./claim.ts";
import { Coordinator } from "./coordinator.ts";
import { startBare, startOurs } from "./servers.ts";
const ours = await startOurs({ MAX_TRACE_BYTES: "1000000000000" });
const bare = await startBare();
const c = new Coordinator(ours.url);
const what = process.argv[2] ?? "";
const show = (name: string, x: unknown) => console.log(name, JSON.stringify(x));
if (what === "" || what.includes("append")) {
  for (const bytes of [200, 65536]) for (const lanes of [1, 64]) {
    const project = await c.project(`append-${bytes}-${lanes}`);
    show(`append ${bytes} ${lanes}`, await compareAppends({ url: ours.url, project }, bare.url, { bytes, lanes, perRound: 1280 / (bytes > 1000 ? 2 : 1) }));
  }
}
if (what === "" || what.includes("claim")) {
  for (const lanes of [1, 8]) {
    const project = await c.project(`claim-${lanes}`);
    show(`claim ${lanes}`, await compareClaims({ url: ours.url, project }, bare.url, { lanes, perRound: 160 }));
  }
}
await ours.stop();
await bare.stop();
