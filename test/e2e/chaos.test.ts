import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Arena } from "../../scripts/chaos/arena.ts";
import { parseCases } from "../../scripts/chaos/cases.ts";
import { openColour } from "../../scripts/chaos/observe.ts";
import { Observers, strike } from "../../scripts/chaos/runCase.ts";
import { MutantCheckout } from "../support/mutantCheckout.ts";
import { WentOnError } from "../support/runningUpdate.ts";

const CUTOVER = "components/engine/cutover/realCutover.ts";
const STANDBY = "components/engine/cutover/standbyLink.ts";

/** An engine that was broken in one place, and the case that must show it. */
interface Mutant {
  what: string;
  file: string;
  place: string;
  replacement: string;
  shownBy: string;
}

const MUTANTS: Mutant[] = [
  {
    what: "doesn't wait until the new colour has every byte",
    file: STANDBY,
    place: "return now.offset >= pause.offset ? now : undefined;",
    replacement: "return { ...now, ...pause };",
    shownBy: "hold:link-refused:cutover",
  },
  {
    what: "opens the new colour before the old one is held",
    file: CUTOVER,
    place: "await traffic.prepare();",
    replacement: `await traffic.prepare();
    await this.standby.promote(gateTo, { offset: 0, keyspace: new Map() });
    await this.input.to.primary.transaction(...openCommands(gateTo));`,
    shownBy: "catch-up:driver-stopped:cutover:300",
  },
  {
    what: "doesn't fence the old colour",
    file: CUTOVER,
    place: "if (this.holdsWritesOnly) this.handover = await this.fenceVerified();",
    replacement: "",
    shownBy: "switch:driver-stopped:cutover:3500",
  },
  {
    what: "lets held writes go on before the old colour's sessions are shut",
    file: CUTOVER,
    place: "this.figures.connectionsMoved = await traffic.move(from.colour, to.colour);",
    // Until clients have gone on with other writes, so that they were answered: else it is a race with the proxy.
    replacement: `await from.primary.transaction(["CLIENT", "UNPAUSE"]);
    const { offset } = await from.primary.replication();
    // What is recorded for the warm-up answers everything with OK, and doesn't move.
    const isRecorded = (await from.primary.call("PING")) === "OK";
    const goOn = async () =>
      isRecorded || (await from.primary.replication()).offset > offset + 2_000 || undefined;
    const { until } = await import("../until.ts");
    await until(goOn, { timeoutMs: 30_000, intervalMs: 5, what: "clients go on" });
    this.figures.connectionsMoved = await traffic.move(from.colour, to.colour);`,
    shownBy: "catch-up:driver-stopped:cutover:300",
  },
];

/**
 * How long a driver stands still by itself: what it prints needs time to get here. Less than writes may be held, as a
 * cutover that comes too late is abandoned, however broken it is. Milliseconds.
 */
const FREEZE_MS = 1_000;
/** Of every client. */
const WRITES_LACKED = 5;
/** How often a case is tried whose fault comes too late for its phase. */
const TRIES = 3;
/** For what has to come in the end, however busy the machine is. Milliseconds. */
const PATIENCE_MS = 60_000;

describe("the fault matrix turns red on an engine that", () => {
  let checkout: MutantCheckout;
  let arena: Arena;

  beforeAll(async () => {
    checkout = await MutantCheckout.create();
    const versions = { blue: "7.0", green: "8.0" };
    arena = new Arena({ name: "e2e-chaos", versions, ground: "rdb", root: checkout.root });
  });

  afterAll(async () => {
    await arena.remove();
    await checkout.remove();
  });

  interface Seen {
    violations: number;
    writers: number;
  }

  /** What clients and watch noted while a case ran. */
  async function observe(name: string): Promise<Seen> {
    for (let tries = 1; ; tries++) {
      try {
        return await observeOnce(name);
      } catch (error) {
        if (!(error instanceof WentOnError) || tries === TRIES) throw error;
        arena.spoil();
      }
    }
  }

  async function observeOnce(name: string): Promise<Seen> {
    const [one] = parseCases(name);
    const stack = await arena.prepare("blue");
    const observers = await Observers.start(stack, one!, 1);
    // Where the link ends before the hold, the new colour has to lack something for it to matter.
    const written = async (): Promise<void> => {
      expect(await observers.clients.unserved(WRITES_LACKED, PATIENCE_MS)).toEqual([]);
    };
    try {
      await stack.edit({ live: "green" });
      const beforeItGoesOn = one!.phase === "hold" ? { beforeItGoesOn: written } : {};
      await strike(one!, stack, "green", { freezeMs: FREEZE_MS, ...beforeItGoesOn });
      const { violations, writers, looks } = await observers.stop();
      expect(looks).toBeGreaterThan(100);
      return { violations: violations.length, writers };
    } finally {
      await observers.kill();
    }
  }

  const shownBy = new Set(MUTANTS.map((mutant) => mutant.shownBy));

  test.each([...shownBy])("is not broken: it stays green in %s", async (name) => {
    expect(await observe(name)).toEqual({ violations: 0, writers: 1 });
    expect(await openColour(await arena.prepare("blue"))).toBe("blue");
  });

  test.each(MUTANTS)("$what", async ({ file, place, replacement, shownBy }) => {
    const { violations, writers } = await checkout.mutated(file, place, replacement, () =>
      observe(shownBy).finally(() => {
        arena.spoil();
      }),
    );
    expect(violations + Math.max(0, writers - 1)).toBeGreaterThan(0);
  });
});
