/**
 * What single flights must do, written down a second time, without anything of `lib/`: slowly, in plain
 * lists, with time and events as they come.
 */

/** How a delivery ends. */
export type End = "forwarded" | "refused" | "unavailable" | "fault";

/** What a copy is answered. */
export type Reply = End | "duplicate";

/** One event to be: everything about it, for ever. */
interface Occurrence {
  readonly happening: string;
  /** From 1, also past those that were forgotten. */
  readonly number: number;
  readonly began: number;
  /** The copy that sends it now. */
  sender: number | undefined;
  readonly waiting: Map<number, { readonly until: number }>;
  refusedUntil: number;
  /** Events that PlatformX has of it. */
  events: number;
}

/** A message that was seen, and what it was a copy of. */
interface Seen {
  readonly happening: string;
  readonly recipient: string;
  readonly message: string;
  readonly number: number;
}

/** Settings in milliseconds. */
export interface ReferenceSettings {
  readonly window: number;
  readonly deadline: number;
  readonly refusalRemembered: number;
}

/** The reference. Copies are numbered by the caller. */
export class Reference {
  readonly #settings: ReferenceSettings;
  #now = 0;
  #held = false;
  /** Of this process. */
  #seen: Seen[] = [];
  #forgotten = new Map<string, number>();
  /** Of this process, then of those before. */
  #occurrences: Occurrence[] = [];
  readonly #past: Occurrence[] = [];
  /** By copy. */
  readonly replies = new Map<number, Reply>();

  constructor(settings: ReferenceSettings) {
    this.#settings = settings;
  }

  get held(): boolean {
    return this.#held;
  }

  /** The copies that send, in no order. */
  get senders(): number[] {
    return this.#occurrences.flatMap(({ sender }) => sender === undefined ? [] : [sender]);
  }

  /** Events of each occurrence there ever was. */
  get events(): number[] {
    return [...this.#past, ...this.#occurrences].map(({ events }) => events);
  }

  arrive(copy: number, happening: string, recipient: string, message: string): void {
    const o = this.#occurrenceOf(happening, recipient, message);
    const now = this.#now;
    if (o.events > 0) this.replies.set(copy, "duplicate");
    else if (now < o.refusedUntil) this.replies.set(copy, "refused");
    else if (this.#held) this.replies.set(copy, "unavailable");
    else if (o.sender === undefined) o.sender = copy;
    else o.waiting.set(copy, { until: now + this.#settings.deadline });
  }

  /**
   * The delivery by `sender` ends. `heir` is the copy that sends now, if any: it must be one that waited, and there
   * must be one if anybody waited.
   *
   * @returns whether `heir` is right
   */
  end(sender: number, how: End, heir: number | undefined): boolean {
    const o = this.#occurrences.find((o) => o.sender === sender)!;
    o.sender = undefined;
    this.replies.set(sender, how);
    if (how === "unavailable" && o.waiting.size > 0) {
      o.sender = heir;
      return heir !== undefined && o.waiting.delete(heir);
    }
    if (how === "forwarded") o.events++;
    if (how === "refused") o.refusedUntil = this.#now + this.#settings.refusalRemembered;
    const others = {
      forwarded: "duplicate",
      refused: "refused",
      unavailable: "unavailable",
      fault: "unavailable",
    };
    this.#release(o, others[how] as Reply);
    return heir === undefined;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const { waiting } of this.#occurrences) {
      for (const [copy, { until }] of waiting) {
        if (until > this.#now) continue;
        waiting.delete(copy);
        this.replies.set(copy, "unavailable");
      }
    }
  }

  hold(): void {
    this.#held = true;
    for (const o of this.#occurrences) this.#release(o, "unavailable");
  }

  resume(): void {
    this.#held = false;
  }

  /** Everything in memory is gone; whoever was being served was told to come again. */
  restart(): void {
    this.hold();
    for (const sender of this.senders) this.replies.set(sender, "unavailable");
    this.#past.push(...this.#occurrences);
    this.#occurrences = [];
    this.#seen = [];
    this.#forgotten = new Map();
    this.resume();
  }

  #release(o: Occurrence, reply: Reply): void {
    for (const copy of o.waiting.keys()) this.replies.set(copy, reply);
    o.waiting.clear();
  }

  /** A recipient's k-th message is a copy of occurrence k, counted among what is not forgotten. */
  #occurrenceOf(happening: string, recipient: string, message: string): Occurrence {
    const all = this.#occurrences.filter((o) => o.happening === happening);
    let forgotten = this.#forgotten.get(happening) ?? 0;
    for (let old = all[forgotten]; old !== undefined && this.#isOver(old); old = all[forgotten]) forgotten++;
    this.#forgotten.set(happening, forgotten);

    const own = this.#seen.filter((seen) => seen.happening === happening && seen.recipient === recipient);
    const known = own.findLast((seen) => seen.message === message && seen.number > forgotten);
    if (known !== undefined) return all[known.number - 1]!;
    const number = Math.max(forgotten, ...own.map((seen) => seen.number)) + 1;
    this.#seen.push({ happening, recipient, message, number });
    const existing = all[number - 1];
    if (existing !== undefined) return existing;
    const began = this.#now;
    const o = { happening, number, began, sender: undefined, waiting: new Map(), refusedUntil: 0, events: 0 };
    this.#occurrences.push(o);
    return o;
  }

  #isOver({ began, sender }: Occurrence): boolean {
    return sender === undefined && this.#now - began >= this.#settings.window;
  }
}
