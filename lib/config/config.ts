/** What an operator can set. */
import type { LogLevel } from "../base/log.ts";
import type { DomainRules } from "../coder/domains.ts";
import type { Tracking } from "../coder/tracking.ts";
import type { Notice } from "./given.ts";
import type { OutboxLocation } from "./outbox_location.ts";

/** Everything an operator can set. Durations are milliseconds. */
export interface Config {
  readonly platformx: {
    readonly url: string;
    /** Empty in a dry run that has none. */
    readonly key: string;
    /** Where the key is read again from while PlatformX refuses it. */
    readonly keyFile: string | undefined;
    readonly testData: boolean;
    /** 0: no limit. */
    readonly ratePerMinute: number;
  };
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** PEM texts. */
    readonly tls: { readonly cert: string; readonly key: string } | undefined;
    /** The current secret and, while it is changed, the previous one; empty: everybody may send. */
    readonly webhookSecrets: readonly string[];
    readonly readSecret: string | undefined;
  };
  readonly log: {
    readonly level: LogLevel;
    /** Undefined: text on a terminal, else JSON. */
    readonly format: "text" | "json" | undefined;
  };
  readonly events: {
    readonly tracking: Tracking;
    readonly isDefault: boolean;
    /** Undefined: all. */
    readonly domains: DomainRules | undefined;
  };
  readonly delivery: {
    readonly dryRun: boolean;
    readonly deadline: number;
    readonly dedupWindow: number;
  };
  /** Undefined: direct delivery. */
  readonly outbox: {
    readonly location: OutboxLocation;
    readonly maxAge: number;
    readonly maxPending: number;
  } | undefined;
  /** Coder's API; undefined: it is not asked. */
  readonly coder: { readonly url: string; readonly token: string } | undefined;
  readonly shutdownGrace: number;
}

/** A configuration, or why there is none. */
export type ParsedConfig =
  | { readonly config: Config; readonly warnings: readonly Notice[] }
  | { readonly problems: readonly Notice[] };
