import { readableNames } from "../lib/config/variables.ts";

/**
 * What the service may do, as Deno's flags: its own variables by name, and network and files without limits, because
 * addresses and paths are configured (containers and service managers confine those). It never asks for more.
 */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  `--allow-env=${readableNames().join(",")}`,
];
