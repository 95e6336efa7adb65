import fc from "fast-check";
import { expect, it } from "vitest";
import { CertainKeys } from "../../../components/engine/bridge/certainKeys.ts";
import { StaleKeys } from "../../../components/engine/bridge/staleKeys.ts";
import { CopierScene } from "./copierScene.ts";

/** Copies everything to a target that holds `old`, and settles. */
async function copyOnto(scene: CopierScene, old: Readonly<Record<string, string[]>>): Promise<void> {
  for (const [key, items] of Object.entries(old)) scene.sink.model.keys(0).set(key, items);
  await scene.copyAll();
  scene.meanwhile = () => undefined;
  await scene.settle(1_000);
  expect(scene.failure).toBeUndefined();
  expect(scene.sink.model.content()).toEqual(scene.source.content());
}

it.each([
  ["and stays away", []],
  ["and is made anew", [["RPUSH", "q", "z"]]],
])("leaves nothing of a key that the source empties while it is copied, %s", async (_, then) => {
  const scene = new CopierScene();
  scene.write(0, ["RPUSH", "a", "1"], ["RPUSH", "q", "d"]);
  scene.deliver();
  let scanned = 0;
  scene.meanwhile = () => {
    // The source is asked for its keys once the target was scanned.
    if (scene.scans.at(-1) !== "source") return;
    if (++scanned === 1) scene.write(0, ["LPOP", "q"]);
    if (scanned === 3) scene.write(0, ...then);
  };
  await copyOnto(scene, { q: ["a", "b", "c", "d"] });
  expect(scanned).toBeGreaterThan(2);
});

it("has room for keys that commands take something from where the scans have to wait", () => {
  const stale = new StaleKeys();
  for (let i = 0; !stale.crowded; i++) stale.add(0, Buffer.from(`key ${i}`), 0);
  const certain = new CertainKeys(stale);
  const lpop = { name: "lpop", plainUpTo: 0, translate: () => undefined, sure: true, replaces: false };
  expect(certain.passes(lpop, [{ database: 0, key: Buffer.from("q") }], 1, false)).toBe(false);
  expect(certain.missed).toBe(false);
});

it("begins again where a command passed because too many keys wait for being copied", async () => {
  const scene = new CopierScene();
  let isPacked = false;
  Object.defineProperty(scene.applier.parts.stale, "packed", { get: () => isPacked });
  scene.write(0, ["RPUSH", "a", "1"], ["RPUSH", "q", "d"]);
  scene.deliver();
  scene.meanwhile = () => {
    if (scene.scans.at(-1) !== "source" || scene.source.keys(0).get("q") === undefined) return;
    scene.write(0, ["LPOP", "q"]);
    isPacked = true;
    scene.deliver();
    isPacked = false;
  };
  await copyOnto(scene, { q: ["a", "b", "c", "d"] });
  const passes = scene.scans.filter((name, i) => name === "target" && scene.scans[i - 1] !== "target");
  expect(passes).toHaveLength(2);
});

const key = fc.constantFrom("a", "b", "c");
const write = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant("RPUSH"), key, fc.constantFrom("x", "y")) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("LPOP"), key) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant("LMOVE"), key, key, fc.constant("LEFT"), fc.constant("RIGHT")),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("DEL"), key) },
  { weight: 1, arbitrary: fc.constant(["FLUSHALL"]) },
);
const step = fc.record({ commands: fc.array(write, { maxLength: 3 }), late: fc.nat(3) });
const lists = fc.dictionary(key, fc.array(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 }));

it("makes the target hold what the source does, whatever it held and is written meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(lists, lists, fc.array(step, { maxLength: 20 }), async (here, there, steps) => {
      const scene = new CopierScene();
      for (const [name, items] of Object.entries(here)) scene.source.keys(0).set(name, items);
      const left = [...steps];
      scene.meanwhile = () => {
        const next = left.shift();
        if (next === undefined) return;
        // Only what does something is emitted.
        for (const [name, first = "", ...rest] of next.commands) {
          if (/^(LPOP|LMOVE|DEL)$/.test(name) && !scene.source.keys(0).has(first)) continue;
          scene.write(0, first === "" ? [name] : [name, first, ...rest]);
        }
        scene.late = next.late;
      };
      await copyOnto(scene, there);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 200) },
  );
});
