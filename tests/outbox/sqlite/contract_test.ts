import { SqliteScene } from "./scene.ts";
import { CONTRACT } from "../store_contract.ts";

for (const { name, run } of CONTRACT) {
  Deno.test(`SQLite: ${name}`, async () => {
    await using scene = new SqliteScene();
    await run(scene);
  });
}
