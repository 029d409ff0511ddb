/** What `help config` prints. */
import { VARIABLE_ROWS } from "../config/variables.ts";
import { wrap } from "./columns.ts";

const HEAD =
  `Settings of coder-platformx. Each is an environment variable; what is not set there is looked for in
.env in the working directory, or in the file that --env-file names: UTF-8, one NAME=value a line.

Values are trimmed, and lose one pair of quotation marks around them. Lists are separated by comma,
semicolon or line break. Durations are a whole number and one of ms, s, m, h, d. Yes and no are
true, false, 1 or 0. NAME_FILE reads NAME from a file of one line.`;

/** Every setting with its meaning and what counts when it is not set. */
export function settingsHelp(): string {
  const settings = VARIABLE_ROWS.map(({ name, about, fallback, file, required }) => {
    const unset = required ? "required, unless DRY_RUN is true" : `default: ${fallback ?? "unset"}`;
    const title = `${name}${file ? ` (or ${name}_FILE)` : ""}`;
    return [title, ...[about, unset].map((text) => wrap(text, { indent: 2 }))].join("\n");
  });
  return [HEAD, ...settings].join("\n\n");
}
