/** Makes what a release carries, on standard output. */
import { choose } from "./choose.ts";

const tool = (name: string) => ["run", "-q", "--no-prompt", "-P=tools", `tools/${name}.ts`];

await choose("release", {
  licences: { about: "the licences of the packages in the executable", command: tool("licences") },
  notes: { about: "what the changelog says of a tag: notes v1.2.3", command: tool("release_notes") },
  sbom: { about: "what the executable is made of, as CycloneDX", command: tool("sbom") },
}, Deno.args);
