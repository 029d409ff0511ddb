/** Facts that Coder puts into `payload.data` only, as texts. */
import type { DataFact } from "../coder/catalogue/row.ts";
import { type JsonObject, objectOf } from "../coder/notification.ts";

/** Volumes that are named; one workspace has a few. */
const MOST_VOLUMES = 20;

/** A fact of a notification; undefined when it is not there, or not as Coder sends it. */
export function factOf(fact: DataFact, data: JsonObject): string | undefined {
  switch (fact) {
    case "volumes":
      return volumes(listOf(data["volumes"]));
    case "chats":
      return numberText(
        listOf(data["archived_chats"]).length + Number(data["additional_archived_count"] ?? 0),
      );
    case "days":
      return numberText(Number(data["auto_archive_days"] ?? NaN));
  }
}

/** `/home/coder 90%, /var/lib/docker 95%` (Coder `coderd/agentapi/resources_monitoring.go`). */
function volumes(list: readonly unknown[]): string | undefined {
  const texts = list.slice(0, MOST_VOLUMES).flatMap((volume) => {
    const { path, threshold } = objectOf(volume) ?? {};
    return typeof path === "string" && typeof threshold === "string" ? [`${path} ${threshold}`] : [];
  });
  return texts.length === 0 ? undefined : texts.join(", ");
}

/** Coder writes counts as texts; what is no count is not told. */
function numberText(count: number): string | undefined {
  return Number.isSafeInteger(count) && count > 0 ? String(count) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
