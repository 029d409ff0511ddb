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

/** One finding for the file with settings, and one per variable, in the order of the documents; more of one with several warnings. */
export function settingFindings({ given, warnings }: SettingsShown): readonly Finding[] {
  const settings = new Settings(given);
  const { name } = given.envFile;
  // A warning about one tracked event is told with the event.
  const told = warnings.filter(({ entry }) => entry === undefined);
  const withWarnings = (setting: Pick<Finding, "name" | "detail">): readonly Finding[] => {
    const own = told.filter(({ variable }) => (rowNameOf(variable) ?? name) === setting.name);
    if (own.length === 0) return [{ ...setting, state: "ok" }];
    return own.map(({ text }) => ({ ...setting, state: "warning", todo: text }));
  };
  return [
    ...withWarnings({ name, detail: whereFrom(given) }),
    ...VARIABLE_ROWS.flatMap((row) =>
      withWarnings({ name: row.name, detail: detailOf(row, settings, given) })
    ),
  ];
}

/** What there is to say of settings with which the service does not start: the problems, and what may explain them. */
export function problemFindings(
  problems: readonly Notice[],
  { envFile, ...given }: Given,
): readonly Finding[] {
  const told = (state: Finding["state"]) => ({ text, variable }: Notice): Finding => ({
    ...{ name: variable, state, detail: text },
  });
  return [
    { name: envFile.name, state: "ok", detail: whereFrom({ envFile }) },
    ...problems.map(told("failed")),
    ...given.warnings.map(told("warning")),
  ];
}

function whereFrom({ envFile: { isThere, path } }: Pick<Given, "envFile">): string {
  return isThere ? `read: ${path}` : `${path} is not there`;
}

/** The row that a variable or its `_FILE` has; undefined: it is the file with settings, or has none. */
function rowNameOf(variable: string): string | undefined {
  return VARIABLE_ROWS.find(({ name, file }) => name === variable || (file && `${name}_FILE` === variable))
    ?.name;
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
    ...whereSet(variable, { environment, envFile }),
  ];
  if (row.secret) {
    const count = [...text].length;
    return `set (${[count === 1 ? "1 character" : `${count} characters`, ...whence].join(", ")})`;
  }
  const value = shownValue(row, text, 160);
  return whence.length === 0 ? value : `${value} (${whence.join(", ")})`;
}

/** Who edits the file and sees no effect learns why. */
function whereSet(
  variable: string,
  { environment, envFile }: Pick<Given, "environment" | "envFile">,
): string[] {
  const [set, inFile] = [environment.get(variable), envFile.values.get(variable)];
  if (set === undefined) return [envFile.name];
  return inFile === undefined || inFile === set
    ? []
    : [`from the environment: ${envFile.name} has another value`];
}
