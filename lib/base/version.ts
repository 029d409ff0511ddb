import manifest from "../../deno.json" with { type: "json" };

/** The service's version; it stands in `deno.json` only. */
export const VERSION: string = manifest.version;
