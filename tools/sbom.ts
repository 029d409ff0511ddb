/**
 * Prints what the executable is made of, as CycloneDX. Its time is `SOURCE_DATE_EPOCH` (seconds, see
 * https://reproducible-builds.org/specs/source-date-epoch/), or missing.
 */
import manifest from "../deno.json" with { type: "json" };
import { bundledPackages, type Lock } from "./bundled_packages.ts";
import { sbomDocument } from "./sbom_document.ts";

const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
if (epoch !== undefined && !/^\d{1,12}$/.test(epoch)) {
  console.error(`SOURCE_DATE_EPOCH must be seconds since 1970: current value is '${epoch}'`);
  Deno.exit(2);
}
const lock: Lock = JSON.parse(await Deno.readTextFile("deno.lock"));
const document = sbomDocument({
  name: manifest.name,
  version: manifest.version,
  licence: manifest.license,
  deno: Deno.version.deno,
  packages: await bundledPackages("main.ts", lock),
  time: epoch === undefined ? undefined : Number(epoch),
});
console.log(JSON.stringify(document, null, 2));
