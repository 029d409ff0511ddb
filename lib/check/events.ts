/** Whose each tracked event will be, and whether Coder sends it at all. */
import { findRow, nameKey } from "../coder/catalogue.ts";
import { canHavePerson, type CatalogueRow } from "../coder/catalogue/row.ts";
import { expectedNames, type Tracking } from "../coder/tracking.ts";
import { cut, escapeControls } from "../base/redact.ts";
import type { Notice } from "../config/given.ts";
import type { Finding } from "./finding.ts";

/** One finding per event that can be expected; `*` is written out. */
export function eventFindings(tracking: Tracking, warnings: readonly Notice[]): readonly Finding[] {
  return expectedNames(tracking).map((name) => {
    const row = findRow(name);
    return row === undefined ? unknownFinding(name, tracking, warnings) : knownFinding(row, tracking.canAsk);
  });
}

const WHOSE: Readonly<Record<CatalogueRow["person"], string>> = {
  owner: "the workspace owner's (data.owner.email)",
  user: "the account's (data.user.email)",
  recipient: "the recipient's (user_email)",
  none: "asked of Coder",
};

function knownFinding(row: CatalogueRow, canAsk: boolean): Finding {
  const { name, note, offByDefault, person } = row;
  if (!canHavePerson(row, canAsk)) {
    return {
      name,
      state: "warning",
      detail: "never has a person: nothing is sent",
      todo: `${note} Remove it from EVENTS_TRACKED`,
    };
  }
  const detail = WHOSE[person];
  if (!offByDefault) return { name, state: "ok", detail };
  return {
    name,
    state: "note",
    detail: `${detail}; off by default in Coder`,
    todo: person === "recipient" ? SWITCHED_ON_BY_PERSON : SWITCHED_ON_BY_ADMINISTRATORS,
  };
}

/** Coder asks each recipient's own preference before it makes the webhook (trigger inhibit_enqueue_if_disabled). */
const SWITCHED_ON_BY_PERSON =
  "Each person switches it on for themselves in Coder, under Account > Notifications (/settings/notifications)";
const SWITCHED_ON_BY_ADMINISTRATORS =
  "At least two administrators (owner or template admin) switch it on in Coder, each under Account > Notifications " +
  "(/settings/notifications): Coder does not tell the one who did it";

function unknownFinding(name: string, tracking: Tracking, warnings: readonly Notice[]): Finding {
  const shown = escapeControls(cut(name, 80));
  const whose = tracking.unknown.get(name.toLowerCase()) ?? tracking.unknown.get(nameKey(name));
  const warning = warnings.find(({ entry }) => entry === name);
  const todo = warning === undefined ? {} : {
    todo: `${
      warning.text.replace(/[^.?!]$/, "$&.")
    } Say whose it is: Name=owner, Name=user or Name=recipient`,
  };
  return whose === undefined
    ? { name: shown, state: "warning", detail: "the owner's or user's in data, if there is one", ...todo }
    : { name: shown, state: "ok", detail: `${WHOSE[whose]}, as EVENTS_TRACKED says` };
}
