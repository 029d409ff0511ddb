/** How long Coder sends again is said in the same words everywhere. */
import assert from "node:assert/strict";
import { CODER_PATIENCE } from "../../lib/coder/patience.ts";

const ROOT = new URL("../../", import.meta.url);
const PLACES = ["README.md", "docs", "deploy", "lib"];

function* textsBelow(path: string): Generator<readonly [path: string, text: string]> {
  const url = new URL(path, ROOT);
  if (Deno.statSync(url).isFile) return yield [path, Deno.readTextFileSync(url)];
  for (const { name } of Deno.readDirSync(url)) yield* textsBelow(`${path}/${name}`);
}

Deno.test("Coder's patience is told in one number, and in lib it stands in one place", () => {
  let told = 0;
  for (const [path, text] of PLACES.flatMap((place) => [...textsBelow(place)])) {
    const flat = text.replace(/\n[ *#>/]*/g, " ");
    for (
      const [said] of flat.matchAll(/(?:some|about|around|within|those)? ?\b(?:19|2[0-3]) min(?:ute)?s\b/g)
    ) {
      // Waiting for something else in minutes of this size would need other words.
      assert.equal(said.trim(), CODER_PATIENCE, `${path}: ${said}`);
      assert.ok(!path.startsWith("lib/") || path === "lib/coder/patience.ts", `${path} has its own number`);
      told++;
    }
  }
  assert.ok(told >= 10, `${told}`);
});
