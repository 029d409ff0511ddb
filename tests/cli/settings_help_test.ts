import assert from "node:assert/strict";
import { settingsHelp } from "../../lib/cli/settings_help.ts";
import { VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { problemsOf } from "../config/fakes.ts";

Deno.test("help tells every setting with its meaning and what counts without it, in order", () => {
  const blocks = settingsHelp().split("\n\n").slice(2);
  assert.deepEqual(
    blocks.map((block) => block.replace(/\n */g, " ")),
    VARIABLE_ROWS.map(({ name, file, about, fallback, required }) =>
      [
        file ? `${name} (or ${name}_FILE)` : name,
        about,
        required ? "required, unless DRY_RUN is true" : `default: ${fallback ?? "unset"}`,
      ].join(" ")
    ),
  );
});

Deno.test("what help calls required is what the service does not start without", async () => {
  const needed = (await problemsOf({})).map((problem) => problem.split(" must be set")[0]);
  assert.deepEqual(needed, VARIABLE_ROWS.filter(({ required }) => required).map(({ name }) => name));
});

Deno.test("help on settings fits a terminal of 100 columns", () => {
  assert.deepEqual(settingsHelp().split("\n").filter((line) => line.length > 100), []);
});
