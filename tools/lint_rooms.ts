/**
 * Lint rules for `lib/`: a room imports only from rooms before it, and a file that is not listed in `effects.json` gives
 * the same answer for the same arguments. The type check of `check_purity.ts` keeps platform APIs out of those; these
 * are the parts of the language itself.
 */
import effects from "./effects.json" with { type: "json" };

/** From what everything builds on to what nothing imports. */
const ROOMS = [
  "base",
  "runtime",
  "coder",
  "config",
  "platformx",
  "delivery",
  "outbox",
  "status",
  "http",
  "check",
  "cli",
];

/** What reads the clock or chance by itself. */
const IMPURE = new Set(["Date.now", "Math.random", "Temporal.Now"]);

/** `room/file.ts` of a file in `lib/`. */
function placeOf({ filename }: Deno.lint.RuleContext): string | undefined {
  return /[\\/]lib[\\/](.+)$/.exec(filename)?.[1]?.replaceAll("\\", "/");
}

const plugin: Deno.lint.Plugin = {
  name: "rooms",
  rules: {
    "arrows-one-way": {
      create(context) {
        const place = placeOf(context);
        if (place === undefined) return {};
        const from = place.split("/");
        return {
          ImportDeclaration(node) {
            const source = node.source.value;
            if (!source.startsWith(".")) return;
            const path = [...from.slice(0, -1)];
            for (const step of source.split("/")) {
              if (step === "..") path.pop();
              else if (step !== ".") path.push(step);
            }
            const room = path.length > 1 ? path[0]! : "main.ts";
            if (room === "deno.json" || room === from[0] || source.endsWith("/deno.json")) return;
            if (ROOMS.indexOf(room) < 0 || ROOMS.indexOf(room) > ROOMS.indexOf(from[0]!)) {
              context.report({
                node,
                message: `${from[0]} comes before ${room}: it must not import from it`,
              });
            }
          },
        };
      },
    },
    "no-unlisted-effect": {
      create(context) {
        const place = placeOf(context);
        if (place === undefined || Object.hasOwn(effects, place)) return {};
        const report = (node: Deno.lint.Node, what: string) =>
          context.report({
            node,
            message: `${what}: take the value as a parameter, or list the file in tools/effects.json`,
          });
        return {
          MemberExpression(node) {
            const name = context.sourceCode.getText(node).replaceAll("?.", ".");
            if (IMPURE.has(name)) report(node, `${name} is impure`);
          },
          NewExpression(node) {
            const isNow = node.callee.type === "Identifier" && node.callee.name === "Date" &&
              node.arguments.length === 0;
            if (isNow) report(node, "new Date() reads the clock");
          },
          ImportDeclaration(node) {
            const from = node.source.value;
            if (node.importKind !== "type" && from.startsWith("node:")) report(node, `${from} has effects`);
          },
        };
      },
    },
  },
};

export default plugin;
