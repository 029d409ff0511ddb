import { assertOnePostAnAttempt, WIRES } from "../support/attempts.ts";
import { startExecutable } from "./executable.ts";

for (const [wire, listening] of Object.entries(WIRES)) {
  Deno.test(`over ${wire} the executable sends one POST an attempt, though kept connections die`, () =>
    assertOnePostAnAttempt(
      listening,
      "direct",
      (environment) => startExecutable({ HOST: "127.0.0.1", PORT: "0", ...environment }),
    ));
}
