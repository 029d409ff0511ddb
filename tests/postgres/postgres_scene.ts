/** PostgreSQL stores in a schema of their own, whose time a test moves. */
import type { LeftAlone } from "../../lib/outbox/record.ts";
import type { OutboxStore } from "../../lib/outbox/store.ts";
import type { PostgresTarget } from "../../lib/outbox/postgres/connection.ts";
import { PostgresStore } from "../../lib/outbox/postgres/store.ts";
import type { StoreOptions } from "../../lib/outbox/store_options.ts";
import { DAY, type Scene } from "../outbox/store_contract.ts";
import { FakeClock } from "../support/fakes.ts";
import type { PostgresServer } from "./server.ts";

let schemas = 0;

/** A schema, and the stores that were opened on it. */
export class PostgresScene implements Scene {
  readonly clock = new FakeClock();
  readonly leftAlone: LeftAlone[] = [];
  readonly schema = `outbox_${++schemas}`;
  readonly #server: PostgresServer;
  readonly #stores: OutboxStore[] = [];

  private constructor(server: PostgresServer) {
    this.#server = server;
  }

  static async on(server: PostgresServer): Promise<PostgresScene> {
    const scene = new PostgresScene(server);
    const { schema } = scene;
    await server.sql(
      `CREATE TABLE public.${schema}_clock (now bigint); INSERT INTO public.${schema}_clock VALUES (0)`,
    );
    await scene.#setClock();
    return scene;
  }

  async open(
    options: Partial<StoreOptions> = {},
    access: "serve" | "change" | "look" = "serve",
    target: Partial<PostgresTarget> = {},
  ): Promise<PostgresStore> {
    const onLeftAlone = (record: LeftAlone) => void this.leftAlone.push(record);
    const usual = { clock: this.clock, window: DAY, maxAge: 7 * DAY, maxPending: 1_000, onLeftAlone };
    const now = `(SELECT now FROM public.${this.schema}_clock)`;
    const where = this.#server.target(this.schema, target);
    const store = await PostgresStore.open({ target: where, access, now, ...usual, ...options });
    this.#stores.push(store);
    return store;
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.#setClock();
  }

  async setBy(ms: number): Promise<void> {
    this.clock.setBy(ms);
    await this.#setClock();
  }

  async sql(text: string): Promise<readonly string[]> {
    const rows = await this.#server.sql(`SET search_path TO ${this.schema}; ${text}`);
    return rows === "" ? [] : rows.split("\n").map((row) => row.split("|")[0] ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  async #setClock(): Promise<void> {
    await this.#server.sql(`UPDATE public.${this.schema}_clock SET now = ${this.clock.now()}`);
  }
}
