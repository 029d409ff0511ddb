import assert from "node:assert/strict";
import { PlainSocket } from "../../support/socket.ts";
import { startService, tell } from "./clients.ts";

/** Few enough to be used up at once, enough to start with. */
const LIMIT = 64;

Deno.test("without file descriptors the process ends with code 1 and says so, instead of living on deaf", async () => {
  const wrap = (commandLine: readonly string[]) => ["prlimit", `--nofile=${LIMIT}:${LIMIT}`, ...commandLine];
  await using service = await startService({ DRY_RUN: "true" }, { wrap });
  assert.equal(await tell(service), "dry_run");
  using clients = new DisposableStack();
  for (let i = 0; i < LIMIT; i++) {
    // The last ones may be refused: then the listener is gone already.
    const client = await PlainSocket.open(service.port).catch(() => undefined);
    if (client !== undefined) clients.use(client);
  }
  assert.equal(await service.ended(), 1, service.log);
  assert.match(service.log, /"level":"ERROR","event":"listener_lost".*file descriptors/);
});
