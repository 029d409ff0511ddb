/** Runs a long trial of the service; each says its options when it is asked wrongly. */
import { choose } from "./choose.ts";

const trial = (name: string) => ["run", "-q", "--no-prompt", "-P=tests", `tests/proof/${name}/main.ts`];

await choose("proof", {
  fuzz: { about: "inputs that nobody should send", command: trial("fuzz") },
  crash: { about: "kill -9 at any moment: nothing that was answered 202 is lost", command: trial("crash") },
  soak: { about: "mixed load with faults, for long: nothing grows", command: trial("soak") },
}, Deno.args);
