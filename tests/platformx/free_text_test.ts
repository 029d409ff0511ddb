/** What people typed stays here: sentences are planted in every text of every sample, and looked for in its event. */
import assert from "node:assert/strict";
import { answered, attribute } from "../../lib/coder/attribution.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { buildEvent } from "../../lib/platformx/event.ts";
import { parsed } from "../support/fakes.ts";

/** Labels whose values may leave: Coder makes or checks them. Whatever is not in here must be free text in the catalogue. */
const SAFE: Readonly<Record<string, string>> = {
  "names that Coder restricts to letters, digits and hyphens":
    "workspace name template template_name version template_version template_version_name preset organization org " +
    "organization_name effective_group_name username workspace_owner_username claimant created_account_name " +
    "deleted_account_name suspended_account_name activated_account_name",
  "names of persons, as they want to be called":
    "initiator created_account_user_name deleted_account_user_name suspended_account_user_name " +
    "activated_account_user_name",
  "words, numbers and times of Coder's own":
    "reason pause_reason account_type threshold limit limit_source period period_start period_end " +
    "timeTilShutdown timeTilDelete timeTilDormant workspace_build_number workspace_build_num",
  "ids of things": "task_id chat_id project_id",
};
const SAFE_LABELS = new Set(Object.values(SAFE).flatMap((names) => names.split(" ")));

/** What else of the payload may leave. */
const SAFE_PLACES =
  /^(?:data\.(?:workspace|template|template_version|organization)\.(?:id|name)|data\.volumes\.\d+\.(?:path|threshold)|targets\.\d+)$/;

/** What is left as it is: it decides which notification it is and whose. */
const KEPT =
  /^(?:notification_name|notification_template_id|user_id|user_email|data\.(?:owner|user)\.(?:id|email))$/;

const SAMPLES = new URL("../fixtures/coder/", import.meta.url);
const RULES = {
  tracking: parseTracking([...CATALOGUE.filter((row) => !row.secret).map((row) => row.name), "*"].join(","), {
    canAsk: true,
  }).tracking,
  domains: undefined,
};
const UNKNOWN = { notification_name: "Something New", notification_template_id: "" };

type Body = { readonly msg_id: string; readonly payload: Record<string, unknown> };

/** The same value with another text wherever `replace` gives one. */
function planted(value: unknown, replace: (path: string) => string | undefined, path = ""): unknown {
  if (typeof value === "string") return replace(path) ?? value;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => {
    const inner = path === "" ? key : `${path}.${key}`;
    return [key, planted(part, replace, inner)] as const;
  });
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

/** The event of a body; undefined: it is nobody's. Coder knows whoever it is asked for. */
function eventOf(body: unknown): string | undefined {
  const result = attribute(parsed(body), RULES);
  const user = { id: "", username: "", email: "alice@example.com" };
  const attribution = result.kind === "ask" ? answered(result, { ...user, ...result.whom }, RULES) : result;
  if (attribution.kind !== "attributed") return undefined;
  return JSON.stringify(
    buildEvent(attribution, { first: { messageId: "m", arrivedAt: 0 }, testData: false }).event,
  );
}

Deno.test("what people typed into a notification is in no event, whichever text it stands in", async (t) => {
  let events = 0;
  for (const row of CATALOGUE.filter((row) => !row.secret)) {
    const file = `${row.name.toLowerCase().replace(/[^a-z]+/g, "-")}.json`;
    const body = JSON.parse(Deno.readTextFileSync(new URL(file, SAMPLES))) as Body;
    for (const identity of [{}, UNKNOWN]) {
      await t.step(`${row.name}${identity === UNKNOWN ? ", as an unknown one of the same form" : ""}`, () => {
        const labels = Object.keys(body.payload["labels"] ?? {});
        const mayLeave = (path: string) =>
          SAFE_PLACES.test(path) || (path.startsWith("labels.") && SAFE_LABELS.has(path.slice(7)));
        for (const label of labels) {
          const decided = SAFE_LABELS.has(label) !== (row.freeText?.includes(label) ?? false);
          assert.ok(
            decided,
            `label ${label}: say by 'freeText' in the catalogue that people type it, or in SAFE, above, that they do not`,
          );
        }
        const person = { id: "4d82c616-c12b-42e7-8ddc-e92c2cb31a1d", email: "alice@example.com" };
        const data = body.payload["data"] ?? {};
        const payload = {
          ...body.payload,
          ...identity,
          data: { ...data as object, owner: person, user: person },
        };
        const places = new Set<string>();
        const everywhere = planted(payload, (path) => {
          if (KEPT.test(path) || mayLeave(path)) return undefined;
          places.add(path);
          return `a sentence typed at ${path}`;
        });
        const texts = {
          title: "a sentence",
          title_markdown: "a sentence",
          body: "a sentence",
          body_markdown: "a sentence",
        };
        const event = eventOf({ ...body, ...texts, payload: everywhere });
        if (event !== undefined) events++;
        assert.doesNotMatch(event ?? "", /a sentence/);
      });
    }
  }
  // All but those of nobody, and each once more under an unknown name.
  const nobodys = CATALOGUE.filter((row) => row.person === "none" && row.ask === undefined).length;
  assert.equal(events, 2 * (CATALOGUE.length - 1) - nobodys);
});

Deno.test("labels of free text are declared where Coder has them, and their sentences are withheld", async (t) => {
  for (const row of CATALOGUE.filter((row) => row.freeText !== undefined)) {
    await t.step(row.name, () => {
      const labels = Object.fromEntries(
        row.freeText!.flatMap((label) => [[label, "a sentence"], [label.toUpperCase(), "a sentence"]]),
      );
      const person = { user_id: "u", user_email: "alice@example.com" };
      const payload = {
        notification_name: row.name,
        notification_template_id: row.templateId,
        ...person,
        labels,
      };
      const event = eventOf({ msg_id: "m", payload });
      assert.ok(event !== undefined);
      assert.doesNotMatch(event, /a sentence/);
    });
  }
});
