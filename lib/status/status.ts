/** How the service is, at one moment. Health, metrics and page are functions of it. */
import type { GateStatus } from "../platformx/gate.ts";
import type { OutboxStatus } from "../outbox/outbox.ts";
import type { Stats } from "./stats.ts";

/** How the service works. */
export type Mode = "direct" | "outbox" | "dry_run";

/** One moment of the service. */
export interface Status {
  readonly version: string;
  /** Name and version of the runtime. */
  readonly runtime: { readonly name: string; readonly version: string };
  readonly mode: Mode;
  /** Unix milliseconds, of this snapshot and of the start. */
  readonly now: number;
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** The configured names. */
  readonly tracked: readonly string[];
  readonly stats: Stats;
  readonly inFlight: number;
  readonly platformx: GateStatus;
  /** In outbox mode. */
  readonly outbox: OutboxStatus | undefined;
  /** Whether Coder answers when it is asked for people; undefined: it is not asked. */
  readonly coder: { readonly failingMs: number | undefined } | undefined;
  /** Lines that could not be written, and milliseconds since the last of them. */
  readonly log: { readonly lost: number; readonly lastLostMs: number | undefined };
}
