/** Every setting as the service reads it, secrets masked. */
import { cut, escapeControls } from "../base/redact.ts";
import type { Given, Notice } from "../config/given.ts";
import { Settings } from "../config/settings.ts";
import { shownPath, shownValue } from "../config/shown.ts";
import { type Variable, VARIABLE_ROWS, type VariableName } from "../config/variables.ts";
import type { Finding } from "./finding.ts";

/** What the settings are told from. */
export interface SettingsShown {
  readonly given: Given;
  /** The configuration's warnings. */
  readonly warnings: readonly Notice[];
}

/** One finding for the file with settings, and one per variable, in the order of the documents. */
export function settingFindings({ given, warnings }: SettingsShown): readonly Finding[] {
  const settings = new Settings(given);
  const { isThere, name, path } = given.envFile;
  return [
    withWarnings({ name, detail: isThere ? `read: ${path}` : `${path} is not there` }, warnings),
    ...VARIABLE_ROWS.map((row) =>
      withWarnings({ name: row.name, detail: detailOf(row, settings, given) }, warnings)
    ),
  ];
}

/** With what the configuration warns of; a warning about one tracked event is told with the event. */
function withWarnings(setting: Pick<Finding, "name" | "detail">, warnings: readonly Notice[]): Finding {
  const texts = warnings.filter(({ variable, entry }) => variable === setting.name && entry === undefined)
    .map((
      { text },
    ) => text);
  return texts.length === 0
    ? { ...setting, state: "ok" }
    : { ...setting, state: "warning", todo: texts.join(". ") };
}

function detailOf(row: Variable, settings: Settings, { environment, envFile }: Given): string {
  const name = row.name as VariableName;
  const { path, text, variable } = settings.found(name);
  if (text === undefined) {
    const fallback = settings.fallback(name);
    return fallback === undefined ? "not set" : `${escapeControls(cut(fallback, 160))} (default)`;
  }
  const whence = [
    ...(path === undefined ? [] : [`from file '${shownPath(path)}'`]),
    ...(environment.has(variable) ? [] : [envFile.name]),
  ];
  if (row.secret) {
    const count = [...text].length;
    return `set (${[count === 1 ? "1 character" : `${count} characters`, ...whence].join(", ")})`;
  }
  const value = shownValue(row, text, 160);
  return whence.length === 0 ? value : `${value} (${whence.join(", ")})`;
}
