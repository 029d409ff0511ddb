/** Which labels stay here: secrets, persons, the recipient, and what people typed. */
import type { Attributed } from "../coder/attribution.ts";
import type { CatalogueRow, Target } from "../coder/catalogue/row.ts";
import { kindOfLabel, LONGEST_LABEL } from "../coder/label_kind.ts";
import { type JsonObject, LONGEST, objectOf, textOf } from "../coder/notification.ts";

/** Why a label is not forwarded. */
export type LeftOutReason =
  | "free_text"
  | "secret_name"
  | "personal_id"
  | "recipient"
  | "empty"
  | "not_text"
  | "name_taken"
  | "name_too_long"
  | "too_many";

/** A notification, and who was told of it. */
export type Told = Pick<Attributed, "notification" | "recipient">;

/** Says of each label why it is not forwarded; undefined: it is. */
export function labelFilter({ notification: { payload, row }, recipient }: Told, data: JsonObject) {
  const persons = [
    recipient.id,
    textOf(objectOf(data["owner"])?.["id"], LONGEST.id),
    textOf(objectOf(data["user"])?.["id"], LONGEST.id),
    targetOf(payload, row, "owner"),
    targetOf(payload, row, "user"),
  ].filter((id) => id !== undefined).map((id) => id.toLowerCase());
  const email = recipient.email.toLowerCase();
  return (label: string, value: unknown): LeftOutReason | undefined => {
    if (typeof value !== "string") return "not_text";
    if (value === "") return "empty";
    if (label.length > LONGEST_LABEL) return "name_too_long";
    const kind = kindOfLabel(label);
    const typed = kind === "typed" ||
      (row === undefined ? kind === "maybe_typed" : row.freeText?.includes(label.toLowerCase()));
    if (typed) return "free_text";
    if (kind === "secret") return "secret_name";
    if (kind === "person" || persons.some((id) => id.length === value.length && id === value.toLowerCase())) {
      return "personal_id";
    }
    const holdsRecipient = email !== "" && value.length >= email.length &&
      value.toLowerCase().includes(email);
    return holdsRecipient ? "recipient" : undefined;
  };
}

/** The target with this meaning, where the catalogue gives the meanings. */
export function targetOf(
  payload: JsonObject,
  row: CatalogueRow | undefined,
  target: Target,
): string | undefined {
  const targets = payload["targets"];
  const position = row?.targets?.indexOf(target) ?? -1;
  return Array.isArray(targets) ? textOf(targets[position], LONGEST.id) : undefined;
}
