/**
 * Prints the licences of the packages that go into the executable, as `THIRD_PARTY_LICENSES` has them: their terms ask
 * for the texts wherever the executable goes.
 */
import { bundledPackages, nameAndVersion } from "./bundled_packages.ts";

const RULE = "=".repeat(80);

const packages = await bundledPackages("main.ts", JSON.parse(await Deno.readTextFile("deno.lock")));
const parts = packages.map((each) =>
  [RULE, `${nameAndVersion(each)}, ${each.licence}`, RULE, "", each.licenceText.trim(), ""].join("\n")
);
console.log(["The executable of coder-platformx contains these packages.", "", ...parts].join("\n").trim());
