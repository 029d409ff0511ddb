/**
 * What a full outbox costs beside an empty one: an accept, opening it, and the start of the service from its sources,
 * until it listens. In a file, or with `--postgres` on a PostgreSQL
 * server that it starts (Debian's).
 *
 * Exits 1 when a goal is missed.
 */
import { parseArgs } from "node:util";
import type { OutboxStore } from "../../lib/outbox/store.ts";
import { systemClock as clock } from "../../lib/runtime/system_clock.ts";
import { SqliteScene } from "../../tests/outbox/sqlite/scene.ts";
import { draftOf, type Scene } from "../../tests/outbox/store_contract.ts";
import { PostgresScene } from "../../tests/postgres/postgres_scene.ts";
import { PostgresServer } from "../../tests/postgres/server.ts";
import { startProgram } from "../../tests/support/service.ts";
import { markdownTable, shown, shownSpread, verdictOn } from "./markdown.ts";
import { wholeNumber } from "./options.ts";
import { ratiosOf, spreadOf } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    postgres: { type: "boolean", default: false },
    keys: { type: "string", default: "1000000" },
    pending: { type: "string", default: "100000" },
    rounds: { type: "string", default: "9" },
  },
});
const keys = wholeNumber("keys", values.keys);
const pending = wholeNumber("pending", values.pending);
const rounds = wholeNumber("rounds", values.rounds);

/** Accepts in a round, so many at once. */
const ACCEPTS = 1_024;
const AT_ONCE = 64;
const AT_MOST = 1.3;
/** Nothing is sent: nobody listens there. */
const SETTINGS = {
  GETDX_API_KEY: "dx-0123456789",
  GETDX_API_URL: "http://127.0.0.1:9/",
  OUTBOX_MAX_PENDING: "10000000",
};
const SIZES = { clock, maxPending: 10_000_000, maxKeys: 10_000_000 };

await using server = values.postgres ? await PostgresServer.start() : undefined;
const sceneOf = () => server === undefined ? Promise.resolve(new SqliteScene()) : PostgresScene.on(server);
await using empty = await sceneOf();
await using full = await sceneOf();
for (const scene of [empty, full]) await (await scene.open(SIZES)).close();
await fill(full, server !== undefined);

const accepts: Record<"empty" | "full", number[]> = { empty: [], full: [] };
const opens: Record<"empty" | "full", number[]> = { empty: [], full: [] };
const starts: Record<"empty" | "full", number[]> = { empty: [], full: [] };
for (let round = 0; round < rounds; round++) {
  const both = [["empty", empty], ["full", full]] as const;
  for (const [name, scene] of round % 2 === 0 ? both : both.toReversed()) {
    const before = performance.now();
    const store: OutboxStore = await scene.open(SIZES);
    opens[name].push(performance.now() - before);
    const begun = performance.now();
    for (let n = 0; n < ACCEPTS; n += AT_ONCE) {
      const ids = Array.from({ length: AT_ONCE }, (_, i) => `${round} ${n + i}`);
      await Promise.all(ids.map((id) => store.accept(draftOf(id))));
    }
    accepts[name].push((performance.now() - begun) / ACCEPTS);
    await store.close();
    const spawned = performance.now();
    await using program = await startProgram({ environment: { ...SETTINGS, OUTBOX: addressOf(scene) } });
    starts[name].push(performance.now() - spawned);
    await program.stop();
  }
}

console.log(
  `${shown(keys)} keys and ${shown(pending)} pending events beside none, ${rounds} rounds in turn\n`,
);
const rows = [["accept", accepts, 3], ["open", opens, 1], ["start", starts, 1]] as const;
console.log(markdownTable(
  ["What", "Empty, ms", "Full, ms", "Full of empty"],
  rows.map(([what, { empty, full }, digits]) => [
    what,
    shownSpread(spreadOf(empty), digits),
    shownSpread(spreadOf(full), digits),
    shownSpread(spreadOf(ratiosOf(full, empty))),
  ]),
));
const ratios = rows.filter(([what]) => what !== "open").map(([what, { empty, full }]) =>
  [what, spreadOf(ratiosOf(full, empty)).median] as const
);
for (const [what, ratio] of ratios) console.log(`\n${what}: ${verdictOn(ratio, { atMost: AT_MOST })}`);
if (ratios.some(([, ratio]) => ratio > AT_MOST)) Deno.exitCode = 1;

function addressOf(scene: SqliteScene | PostgresScene): string {
  if (scene instanceof SqliteScene) return scene.path;
  return `postgres://owner@127.0.0.1:${server?.port}/postgres?schema=${scene.schema}`;
}

/** Fills by hand what the service would fill in days. */
async function fill(scene: Scene, isPostgres: boolean): Promise<void> {
  const now = clock.now();
  const numbers = (count: number) =>
    isPostgres
      ? `generate_series(1, ${count}) AS n(i)`
      : `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n) AS n`;
  const random = isPostgres ? "md5(random()::text) || md5(i::text)" : "hex(randomblob(32))";
  const event = JSON.stringify(draftOf("filled").event);
  const cast = isPostgres ? "::json" : "";
  await scene.sql(
    `INSERT INTO dedup (key, occurrences, expires_at) ` +
      `SELECT ${random}, '[[1,${now},"recipient","message"]]', ${now + 86_000_000} FROM ${numbers(keys)}`,
  );
  await scene.sql(
    "INSERT INTO event (id, version, event, enqueued_at, next_attempt_at) " +
      `SELECT 'filled' || i, 1, '${event}'${cast}, ${now}, ${now} + i FROM ${numbers(pending)}`,
  );
}
