import assert from "node:assert/strict";
import type { LineSink } from "../../lib/base/line_writer.ts";
import { settled } from "../support/fakes.ts";

/** A stream whose writes end when, and as, a test says; `state` ends them at once. */
export class FakeSink implements LineSink {
  /** What was written as a whole, in order. */
  text = "";
  /** Writes that were begun. */
  writes = 0;
  state: "open" | "stalled" | "failing" = "open";
  #underWay: { readonly text: string; readonly end: PromiseWithResolvers<void> } | undefined;

  /** `text`, line by line. */
  get lines(): string[] {
    return this.text === "" ? [] : this.text.replace(/\n$/, "").split("\n");
  }

  write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    assert.equal(this.#underWay, undefined, "two writes at a time");
    this.#underWay = { text: new TextDecoder().decode(bytes), end: Promise.withResolvers() };
    const { promise } = this.#underWay.end;
    this.#go();
    return promise;
  }

  /** The stream is so from now on; what is under way ends so, too. */
  async is(state: FakeSink["state"]): Promise<void> {
    this.state = state;
    this.#go();
    await settled();
  }

  /** Ends the write under way well; the next one is as before. */
  async next(): Promise<void> {
    const { state } = this;
    this.state = "open";
    this.#go();
    this.state = state;
    await settled();
  }

  #go(): void {
    const write = this.#underWay;
    if (write === undefined || this.state === "stalled") return;
    this.#underWay = undefined;
    if (this.state === "failing") return write.end.reject(new Error("No space left on device"));
    this.text += write.text;
    write.end.resolve();
  }
}
