import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import fc from "fast-check";
import type { Outcome, Status } from "../../lib/delivery/outcome.ts";
import { settled } from "../support/fakes.ts";
import { flightsWith, type Sending } from "./single_flight_fakes.ts";
import { type End, Reference, type Reply } from "./single_flight_reference.ts";

const SETTINGS = { deadline: 30_000, refusalRemembered: 60_000 };
const ENDS: Readonly<Record<Exclude<End, "fault">, Outcome>> = {
  forwarded: { status: "forwarded", attempts: 1 },
  refused: { status: "refused", words: constant("no"), attempts: 1 },
  unavailable: { status: "unavailable", reason: "platformx", retryAfterMs: 1_000, attempts: 1 },
};

/** One webhook: message `n` of a happening to a recipient. */
interface Copy {
  readonly happening: string;
  readonly recipient: string;
  readonly message: number;
}

/** The real thing, over all restarts. */
class Real {
  readonly #window: number;
  #process: ReturnType<typeof flightsWith>;
  #processes = 0;
  /** Copies in order of arrival. */
  readonly replies: (Reply | undefined)[] = [];
  /** The occurrence's first message and arrival, of each delivered event. */
  readonly delivered: string[] = [];

  constructor(window: number) {
    this.#window = window;
    this.#process = this.#start();
  }

  get clock() {
    return this.#process.clock;
  }
  get gate() {
    return this.#process.gate;
  }
  get sending(): readonly Sending[] {
    return this.#process.deliveries.sending;
  }

  /** Copies come, all in the same moment; the first one's number. */
  arrive(copies: readonly Copy[]): number {
    const first = this.replies.length;
    for (const { happening, recipient, message } of copies) {
      const number = this.replies.push(undefined) - 1;
      const draft = this.#process.draft(recipient, `${recipient}${message}`, happening);
      const sentBy = this.#process.draft(recipient, String(number), happening);
      const reply = this.#process.flights.deliver({ ...draft, attributed: sentBy.attributed });
      const answered = (reply: Reply) => {
        assert.equal(this.replies[number], undefined, `copy ${number} is answered twice`);
        this.replies[number] = reply;
      };
      void reply.then(({ status }) => answered(status as Reply), () => answered("fault"));
    }
    return first;
  }

  /** Of which occurrence, over all restarts, a delivery is. */
  occurrenceOf({ key, first, arrived }: Sending): string {
    return `${this.#processes} ${key} ${first} ${arrived}`;
  }

  /** Ends one delivery; without waiting for what follows. */
  end(sending: Sending, how: End): Promise<void> {
    if (how === "forwarded") this.delivered.push(this.occurrenceOf(sending));
    return how === "fault" ? sending.fail() : sending.end(ENDS[how]);
  }

  /** Shuts down as the server does, and starts again with nothing remembered. */
  async restart(): Promise<void> {
    this.gate.begin("draining");
    await settled();
    for (const sending of [...this.sending]) await this.end(sending, "unavailable");
    assert.equal(this.clock.sleepers, 0, "somebody sleeps on after the shutdown");
    this.#process = this.#start();
  }

  #start() {
    this.#processes++;
    return flightsWith({ window: this.#window, deadline: SETTINGS.deadline });
  }
}

function senderOf({ sentBy }: Sending): number {
  return Number(sentBy);
}

/** What must hold whenever nothing moves. */
function check(reference: Reference, real: Real): void {
  real.replies.forEach((reply, copy) => {
    assert.equal(reply, reference.replies.get(copy), `the answer of copy ${copy}`);
  });
  const senders = real.sending.map(senderOf);
  assert.deepEqual(senders.toSorted(), reference.senders.toSorted(), "the copies that send");
  const occurrences = real.sending.map((sending) => real.occurrenceOf(sending));
  assert.equal(new Set(occurrences).size, occurrences.length, "an occurrence is sent twice at a time");
  assert.equal(new Set(real.delivered).size, real.delivered.length, "an occurrence became two events");
}

type Command = fc.AsyncCommand<Reference, Real>;

/** A command that can always be given, unless `possible` says otherwise. */
function command(
  name: string,
  run: (reference: Reference, real: Real) => Promise<void>,
  possible: (reference: Readonly<Reference>) => boolean = () => true,
): Command {
  return {
    check: possible,
    async run(reference, real) {
      await run(reference, real);
      await settled();
      check(reference, real);
    },
    toString: () => name,
  };
}

function arriveInBoth(reference: Reference, real: Real, copies: readonly Copy[]): void {
  const first = real.arrive(copies);
  for (const [index, { happening, recipient, message }] of copies.entries()) {
    reference.arrive(first + index, happening, recipient, `${recipient}${message}`);
  }
}

/** Ends one delivery in the reference, with the heir that the real thing chose. */
function endInReference(reference: Reference, real: Real, ended: Sending, how: End): void {
  const occurrence = real.occurrenceOf(ended);
  const heirs = real.sending.filter((sending) => real.occurrenceOf(sending) === occurrence).map(senderOf);
  assert.ok(heirs.length <= 1, "handed over to more than one");
  assert.ok(reference.end(senderOf(ended), how, heirs[0]), `handed over to ${heirs[0]}`);
}

const copies = fc.array(
  fc.record({
    happening: fc.constantFrom("x", "y"),
    recipient: fc.constantFrom("A", "B", "C"),
    message: fc.nat(3),
  }),
  { minLength: 1, maxLength: 5 },
);
const which = fc.nat(9);
const anyEnd = fc.constantFrom<End>("forwarded", "refused", "unavailable", "unavailable", "fault");
const show = (copies: readonly Copy[]) =>
  copies.map(({ happening, recipient, message }) => `${happening}:${recipient}${message}`).join(" ");
const isSending = ({ senders }: Readonly<Reference>) => senders.length > 0;

const arrive = copies.map((copies) =>
  command(`arrive ${show(copies)}`, (reference, real) => {
    arriveInBoth(reference, real, copies);
    return Promise.resolve();
  })
);
const end = fc.tuple(
  which,
  fc.constantFrom<End>("forwarded", "refused", "unavailable", "unavailable", "fault"),
)
  .map(([which, how]) =>
    command(`end ${which} ${how}`, async (reference, real) => {
      const ended = real.sending[which % real.sending.length]!;
      await real.end(ended, how);
      endInReference(reference, real, ended, how);
    }, isSending)
  );
const endWhileArriving = fc.tuple(which, anyEnd, copies).map(([which, how, copies]) =>
  command(`end ${which} ${how} in the moment of ${show(copies)}`, async (reference, real) => {
    const ended = real.sending[which % real.sending.length]!;
    // PlatformX has answered, but nobody has heard of it yet: for those who come now it is still being sent.
    const over = real.end(ended, how);
    arriveInBoth(reference, real, copies);
    await over;
    endInReference(reference, real, ended, how);
  }, isSending)
);
const pass = fc.constantFrom(1, 1_000, 29_999, 30_000, 59_999, 60_000, 600_000).map((ms) =>
  command(`pass ${ms}`, async (reference, real) => {
    await real.clock.advance(ms);
    reference.advance(ms);
  })
);
const setClock = fc.constantFrom(-86_400_000, 86_400_000).map((ms) =>
  command(`set the clock by ${ms}`, (_, real) => {
    real.clock.setBy(ms);
    return Promise.resolve();
  })
);
const hold = fc.constantFrom("platformx", "key").map((reason) =>
  command(`hold ${reason}`, (reference, real) => {
    real.gate.begin(reason);
    reference.hold();
    return Promise.resolve();
  }, ({ held }) => !held)
);
const resume = fc.constant(command("resume", (reference, real) => {
  real.gate.end();
  reference.resume();
  return Promise.resolve();
}, ({ held }) => held));
const restart = fc.constant(command("restart", async (reference, real) => {
  await real.restart();
  reference.restart();
}));

Deno.test("whatever comes in whatever order, single flights do what the reference says", async () => {
  const commands = fc.commands(
    [arrive, end, endWhileArriving, arrive, pass, hold, resume, setClock, restart],
    {
      maxCommands: 60,
      size: "max",
    },
  );
  const windows = fc.constantFrom(1_000, 45_000, 600_000, 86_400_000);
  await fc.assert(
    fc.asyncProperty(windows, commands, async (window, commands) => {
      const reference = new Reference({ ...SETTINGS, window });
      const real = new Real(window);
      await fc.asyncModelRun(() => ({ model: reference, real }), commands);

      // At the end PlatformX takes everything: nobody is left without an answer, and nothing is left behind.
      real.gate.end();
      reference.resume();
      for (let ended = real.sending[0]; ended !== undefined; ended = real.sending[0]) {
        await real.end(ended, "forwarded");
        endInReference(reference, real, ended, "forwarded");
        check(reference, real);
      }
      assert.ok(real.replies.every((reply) => reply !== undefined), "a copy was not answered");
      assert.equal(real.clock.sleepers, 0, "somebody sleeps on");
      assert.ok(reference.events.every((events) => events <= 1));
      assert.equal(real.delivered.length, reference.events.filter((events) => events === 1).length);
    }),
    { numRuns: 500 },
  );
});

/** How many different messages the recipient with the most of them has, summed over happenings. */
function eventsByTheRule(copies: readonly Copy[]): number {
  const most = (happening: string) =>
    Math.max(
      ...["A", "B", "C"].map((name) => {
        const own = copies.filter((copy) => copy.happening === happening && copy.recipient === name);
        return new Set(own.map(({ message }) => message)).size;
      }),
    );
  return most("x") + most("y");
}

Deno.test("when Coder repeats until 2xx, there are as many events as one recipient has messages", async () => {
  const someCopies = fc.array(copies, { maxLength: 4 }).map((groups) => groups.flat());
  const troubles = fc.array(fc.boolean(), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), someCopies, troubles, async (scheduler, copies, troubles) => {
      const events: string[] = [];
      const sending = new Set<string>();
      const left = [...troubles];
      const { clock, draft, flights } = flightsWith({
        send: async ({ metadata: { workspace, coder_message_id } }) => {
          const occurrence = `${workspace} ${coder_message_id}`;
          assert.ok(!sending.has(occurrence), `${occurrence} is sent twice at a time`);
          sending.add(occurrence);
          await scheduler.schedule(Promise.resolve(), "PlatformX answers");
          sending.delete(occurrence);
          if (left.pop()) return ENDS.unavailable;
          events.push(occurrence);
          return ENDS.forwarded;
        },
      });
      const coder = async ({ happening, recipient, message }: Copy) => {
        for (let status: Status = "unavailable"; status === "unavailable";) {
          await scheduler.schedule(Promise.resolve(), "Coder sends");
          const before = events.length;
          ({ status } = await flights.deliver(draft(recipient, `${recipient}${message}`, happening)));
          assert.ok(status !== "forwarded" || events.length > before, "2xx without an event");
        }
      };
      await scheduler.waitFor(Promise.all(copies.map(coder)));
      assert.equal(new Set(events).size, events.length, "an occurrence became two events");
      assert.equal(events.length, eventsByTheRule(copies));
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
    }),
    { numRuns: 300 },
  );
});
