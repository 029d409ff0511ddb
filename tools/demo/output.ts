/** Where the demo prints: standard output, for as long as somebody reads it. */

/**
 * Prints lines. `console.log` says nothing when the reader has gone (`demo --serve | head`), and the demo would go on.
 *
 * @param onGone called when nobody reads any more: what is printed later is lost
 */
export function openOutput(onGone: () => void): (text: string) => void {
  const encoder = new TextEncoder();
  let isGone = false;
  return (text) => {
    for (let rest = encoder.encode(`${text}\n`); rest.length > 0 && !isGone;) {
      try {
        rest = rest.subarray(Deno.stdout.writeSync(rest));
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        isGone = true;
        onGone();
      }
    }
  };
}
