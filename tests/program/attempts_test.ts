import { assertOnePostAnAttempt, WIRES } from "../support/attempts.ts";
import { PROGRAM_NODE } from "../support/program.ts";
import { startProgram } from "../support/service.ts";

for (const mode of ["direct", "outbox"] as const) {
  for (const [wire, listening] of Object.entries(WIRES)) {
    // Node's own client speaks HTTP/1.1 only.
    const ignore = PROGRAM_NODE !== undefined && listening.http2 === true;
    const name =
      `${mode} over ${wire}: as many requests are at PlatformX as log and metrics tell, though kept connections die`;
    Deno.test({
      name,
      ignore,
      fn: () => assertOnePostAnAttempt(listening, mode, (environment) => startProgram({ environment })),
    });
  }
}
