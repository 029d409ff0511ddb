/** Options of the benchmarks. What cannot be meant ends the program with exit code 2, before anything is measured. */

/** A whole number from `least` up. */
export function wholeNumber(option: string, value: string, least = 1): number {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  return number >= least ? number : refuse(`--${option} must be a whole number from ${least} up`, value);
}

/** Some of a list of names, comma-separated. */
export function someOf<Name extends string>(option: string, value: string, names: readonly Name[]): Name[] {
  return value.split(",").map((item) => {
    const name = names.find((known) => known === item.trim());
    return name ?? refuse(`--${option} must be some of: ${names.join(", ")}`, item.trim());
  });
}

/** Ends the program. */
export function refuse(rule: string, value: string): never {
  console.error(`${rule}: current value is '${value}'`);
  Deno.exit(2);
}
