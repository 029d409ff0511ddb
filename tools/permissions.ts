import manifest from "../deno.json" with { type: "json" };

/**
 * What the service may do, as Deno's flags: its own variables by name, and network and files without limits, because
 * addresses and paths are configured (containers and service managers confine those). It never asks for more. The list
 * stands in `deno.json`, for `deno task start`; the executable takes it from there.
 */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  `--allow-env=${manifest.permissions.service.env.join(",")}`,
];
