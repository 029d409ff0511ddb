/**
 * Lint rules for `lib/core`: nothing that makes a function give two answers for the same arguments, and no import
 * from outside the core but zod. The type check of `tools/pure_core.json` keeps platform APIs out; these are the
 * parts of the language itself.
 */
const IMPURE_CALLS = new Set(["Date.now", "Math.random", "Temporal.Now"]);

function isCore(context: Deno.lint.RuleContext): boolean {
  return /[\\/]lib[\\/]core[\\/]/.test(context.filename);
}

const plugin: Deno.lint.Plugin = {
  name: "pure-core",
  rules: {
    "no-impurity": {
      create(context) {
        if (!isCore(context)) return {};
        return {
          MemberExpression(node) {
            const name = context.sourceCode.getText(node).replaceAll("?.", ".");
            if (IMPURE_CALLS.has(name)) {
              context.report({ node, message: `${name} is impure: take the value as a parameter` });
            }
          },
          NewExpression(node) {
            const isNow = node.callee.type === "Identifier" && node.callee.name === "Date" &&
              node.arguments.length === 0;
            if (isNow) {
              context.report({ node, message: "new Date() reads the clock: take the time as a parameter" });
            }
          },
        };
      },
    },
    "no-outside-import": {
      create(context) {
        if (!isCore(context)) return {};
        return {
          ImportDeclaration(node) {
            const from = node.source.value;
            const up = /[\\/]core[\\/][^\\/]+$/.test(context.filename) ? "../" : "../../";
            if (from === "zod" || (from.startsWith(".") && !from.startsWith(up))) return;
            context.report({ node, message: `the core imports the core and zod only, not '${from}'` });
          },
        };
      },
    },
  },
};

export default plugin;
