/**
 * Attacks every regular expression of the service: texts made of what it matches and what it does not, repeated. Time
 * that grows with the square of the length is a way to stop the service, unless the text is known to be short.
 */

import { filesIn, read } from "../../support/files.ts";

/** What a measurement came to. */
export interface Finding {
  readonly name: string;
  readonly told: string;
  readonly isProblem: boolean;
}

/** Patterns with square growth whose texts are short, and why. */
const BOUNDED: ReadonlyMap<string, string> = new Map([
  [
    "=+$",
    "at most two of them are left to it: a pattern before it in auth.ts, a digest's length in hashing.ts",
  ],
  ["\\/+$", "CODER_URL, which is the operator's own"],
]);

/** Characters of a first text; a second has twice as many, and so on. */
const LENGTH = 4_000;

/** Milliseconds for {@link LENGTH}, below which no pattern has square growth: that takes some 8 million steps. */
const SUSPICIOUS = 2;

/** A linear pattern takes twice as long for twice the length, a square one four times. */
const SQUARE = 3;

/** A literal after a character that no division follows. Good enough for this project's own code. */
const LITERAL =
  /(?<=[=(,:?!&|>[]\s*|return\s)\/(?![*/])((?:[^\\/\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuy]*)/g;

/** Every pattern in `lib/`, with texts that may take it long. */
export function attackPatterns(): readonly Finding[] {
  const patterns = new Map<string, RegExp>();
  for (const source of filesIn("lib").map(read)) {
    for (const [, pattern = "", flags] of source.matchAll(LITERAL)) {
      patterns.set(pattern, new RegExp(pattern, `${flags?.replaceAll(/[gy]/g, "")}g`));
    }
  }
  const findings: Finding[] = [];
  for (const [source, pattern] of patterns) {
    const worst = worstOf(pattern);
    if (worst === undefined) continue;
    const why = BOUNDED.get(source);
    const told =
      `/${source}/ takes ${worst.ms.toFixed(0)} ms for ${JSON.stringify(worst.unit)} times ${worst.times}, ` +
      `${worst.ratio.toFixed(1)} times of what half as many take${why === undefined ? "" : `: ${why}`}`;
    findings.push({ name: "square", told, isProblem: why === undefined });
  }
  return [
    { name: "patterns", told: `${patterns.size} attacked`, isProblem: patterns.size < 30 },
    ...findings,
  ];
}

interface Worst {
  readonly unit: string;
  readonly times: number;
  readonly ms: number;
  readonly ratio: number;
}

function worstOf(pattern: RegExp): Worst | undefined {
  let slow = 0;
  for (const unit of unitsOf(pattern.source)) {
    for (const end of ENDS) {
      const text = (length: number) => unit.repeat(Math.ceil(length / unit.length)) + end;
      if (fastest(pattern, text(LENGTH)) < SUSPICIOUS) continue;
      if (++slow > ENOUGH) return undefined;
      const times = [2, 4, 8].map((factor) => fastest(pattern, text(LENGTH * factor)));
      const ratios = times.slice(1).map((ms, i) => ms / times[i]!);
      if (ratios.every((ratio) => ratio > SQUARE)) {
        return { unit, times: Math.ceil(LENGTH * 8 / unit.length), ms: times.at(-1)!, ratio: ratios.at(-1)! };
      }
    }
  }
  return undefined;
}

const ENDS = ["", " ", "\0"];

/** Texts that take long, but not longer than in proportion, after which a pattern is let go. */
const ENOUGH = 8;

/** Single characters, the pattern's own words, and each with something beside it. */
function unitsOf(source: string): readonly string[] {
  const words = source.replace(/\\[a-zA-Z](?:\{\w+\})?|\[[^\]]*\]|\(\?[:<!=]+|[\\^$.*+?()|{}]/g, " ").split(
    /\s+/,
  );
  const single = new Set([
    "a",
    " ",
    "0",
    "-",
    "=",
    ":",
    "/",
    "@",
    '"',
    ".",
    "(",
    "\t",
    ...words.filter(Boolean),
  ]);
  const all = [...single].slice(0, 24);
  return [...all, ...all.flatMap((unit) => [`${unit} `, `a${unit}`, `${unit}0`])];
}

/** Milliseconds of the fastest of three tries: others may use the machine. */
function fastest(pattern: RegExp, text: string): number {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const begun = performance.now();
    text.replace(pattern, "");
    least = Math.min(least, performance.now() - begun);
    if (least < SUSPICIOUS) break;
  }
  return least;
}
