import { assertOnePostAnAttempt, WIRES } from "../support/attempts.ts";
import { PROGRAM_NODE } from "../support/program.ts";
import { startProgram } from "../support/service.ts";

/** Node's own client speaks HTTP/1.1 only. A test that is skipped would fail the whole check, so there is none. */
const wires = Object.entries(WIRES).filter(([, { http2 }]) => PROGRAM_NODE === undefined || http2 !== true);

for (const mode of ["direct", "outbox"] as const) {
  for (const [wire, listening] of wires) {
    Deno.test(
      `${mode} over ${wire}: as many requests are at PlatformX as log and metrics tell, though kept connections die`,
      () => assertOnePostAnAttempt(listening, mode, (environment) => startProgram({ environment })),
    );
  }
}
