/** Every setting as the service reads it, secrets masked. */
import { Settings, type SettingsSource } from "../config/settings.ts";
import { type Variable, VARIABLE_ROWS, type VariableName } from "../config/variables.ts";
import { cut, escapeControls } from "../base/redact.ts";
import type { Finding } from "./finding.ts";

/** What the settings are told from. */
export interface SettingsShown {
  /** What the service reads: the environment and `.env`. */
  readonly source: SettingsSource;
  /** The process's environment alone: what the runtime itself reads. */
  readonly environment: (name: string) => string | undefined;
  /** The configuration's warnings; each begins with the variable it is about. */
  readonly warnings: readonly string[];
}

/** One finding per variable, in the order of the documents. */
export function settingFindings(shown: SettingsShown): readonly Finding[] {
  const settings = new Settings(shown.source);
  return VARIABLE_ROWS.map((row): Finding => {
    const detail = detailOf(row, settings, shown);
    const about = shown.warnings.filter((warning) =>
      warning.split(/[ :]/, 1)[0] === row.name && !isAboutEntry(warning)
    );
    return about.length === 0
      ? { name: row.name, state: "ok", detail }
      : { name: row.name, state: "warning", detail, todo: escapeControls(about.join(". ")) };
  });
}

/** Warnings about one entry of `EVENTS_TRACKED` are told with the event. */
const ABOUT_ENTRY = /^EVENTS_TRACKED: '/;

/** Whether a warning of the configuration is about one tracked event. */
export function isAboutEntry(warning: string): boolean {
  return ABOUT_ENTRY.test(warning);
}

function detailOf(row: Variable, settings: Settings, { source, environment }: SettingsShown): string {
  const name = row.name as VariableName;
  const text = settings.text(name);
  if (text === undefined) {
    const fallback = settings.fallback(name);
    return fallback === undefined ? "not set" : `${short(fallback)} (default)`;
  }
  const path = row.file ? settings.path(name) : undefined;
  const variable = path === undefined ? row.name : `${row.name}_FILE`;
  const inDotenv = environment(variable) === undefined && source.get(variable) !== undefined;
  const whence = [
    ...(path === undefined ? [] : [`from file '${short(path)}'`]),
    ...(inDotenv ? [".env"] : []),
  ];
  if (row.secret) return masked(text, whence);
  const value = row.name === "EMAIL_DOMAINS" || !text.includes("@") ? short(withoutQuery(text)) : "(hidden)";
  return whence.length === 0 ? value : `${value} (${whence.join(", ")})`;
}

function masked(secret: string, whence: readonly string[] = []): string {
  const count = [...secret].length;
  return `set (${[count === 1 ? "1 character" : `${count} characters`, ...whence].join(", ")})`;
}

/** Gateways take tokens in queries. */
function withoutQuery(text: string): string {
  return /^https?:/i.test(text) ? text.replace(/\?.*$/, "?(hidden)") : text;
}

function short(text: string): string {
  return escapeControls(cut(text, 160));
}
