import { CONTRACT } from "../outbox/store_contract.ts";
import { PostgresScene } from "./postgres_scene.ts";
import { PostgresServer } from "./server.ts";

Deno.test("PostgreSQL keeps what both stores promise", async (t) => {
  await using server = await PostgresServer.start();
  for (const { name, run } of CONTRACT) {
    await t.step(name, async () => {
      await using scene = await PostgresScene.on(server);
      await run(scene);
    });
  }
});
