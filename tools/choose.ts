/** Tasks that take a word: `deno task bench load`. The word says what is run; without one, all words are listed. */

/** What a word stands for. */
export interface Choice {
  /** One line for the list. */
  readonly about: string;
  /** Arguments for Deno; what follows the word is appended. */
  readonly command: readonly string[];
}

/** Runs what the first argument names, and ends this process with its exit code (2: there is no such word). */
export async function choose(
  task: string,
  choices: Readonly<Record<string, Choice>>,
  [word, ...rest]: readonly string[],
): Promise<never> {
  if (word === undefined || !Object.hasOwn(choices, word)) {
    console.error(`usage: deno task ${task} WORD, where WORD is one of`);
    const longest = Math.max(...Object.keys(choices).map((name) => name.length));
    for (const [name, { about }] of Object.entries(choices)) {
      console.error(`  ${name.padEnd(longest)}  ${about}`);
    }
    Deno.exit(2);
  }
  const { command } = choices[word]!;
  Deno.exit((await new Deno.Command(Deno.execPath(), { args: [...command, ...rest] }).spawn().status).code);
}
