import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import { runPreflight } from "../../components/engine/preflight/runPreflight.ts";
import { verdictFor } from "../../components/providers/handlers/session.ts";
import { bearPair, CREDENTIALS, followUntilUp, type BornServer } from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;

beforeAll(async () => {
  [blue, green] = await bearPair();
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

/** What the check's lines say, and what the switch acts on. */
async function bothVerdicts(): Promise<{ lines: string[]; acted: string[] }> {
  const results = await runPreflight({
    live: blue.target,
    standby: green.target,
    standbyDeployed: true,
    cutover: false,
    credentials: CREDENTIALS,
    guardrails: DEFAULT_GUARDRAILS,
    pathPrefix: "",
  });
  const lines = results.filter(({ name }) => name === "rollback");
  const end = (server: BornServer) => ({
    target: server.target,
    colour: server.target.colour,
    primary: server.admin,
  });
  const { kind, reason, warnings } = await verdictFor(end(blue), end(green), { pathPrefix: "" });
  return {
    lines: lines.map(({ figure, cure }) => (figure === "look out" ? (cure ?? "") : figure)),
    acted: [`${kind}, ${reason}`, ...warnings],
  };
}

test("a command that only ever failed ends no way back, neither in the check nor in the switch", async () => {
  await expect(blue.admin.call("RESTORE", "key", 0, "no payload")).rejects.toThrow(/payload/);
  const { lines, acted } = await bothVerdicts();
  expect(acted[0]).toMatch(/^lossless \(native\), /);
  expect(acted).toEqual(lines);
});

test("an append-only file is seen by both", async () => {
  await blue.admin.configSet("appendonly", "yes");
  const { lines, acted } = await bothVerdicts();
  await blue.admin.configSet("appendonly", "no");
  expect(acted.join("\n")).toContain("writes an append-only file");
  expect(acted).toEqual(lines);
});

test("a command that succeeded on either of them ends it in both", async () => {
  await green.admin.configSet("min-replicas-to-write", 0);
  await green.admin.call("HINCRBYFLOAT", "hash", "field", "1.5");
  await green.admin.call("HSETEX", "hash", "FIELDS", 1, "field", "1");
  const { lines, acted } = await bothVerdicts();
  expect(acted[0]).toMatch(/^backup only, .*HSETEX/);
  expect(acted).toEqual(lines);
});

test("a payload that was restored once is forgotten by the counters of both, as a newer standby counts it too", async () => {
  await followUntilUp(green, blue);
  await Promise.all([blue, green].map(({ admin }) => admin.call("CONFIG", "RESETSTAT")));
  await blue.admin.call("SET", "source", "value");
  await blue.admin.call("RESTORE", "restored", 0, await blue.admin.client.dumpBuffer("source"));
  await blue.admin.call("WAIT", 1, 20_000);
  const reset = /CONFIG RESETSTAT, on the live colour and on a newer standby, which counts it as well;/;
  expect((await bothVerdicts()).acted[0]).toMatch(reset);
  await blue.admin.call("CONFIG", "RESETSTAT");
  expect((await bothVerdicts()).acted[0], "on live alone").toMatch(reset);
  await green.admin.call("CONFIG", "RESETSTAT");
  expect((await bothVerdicts()).acted[0]).toMatch(/^lossless \(native\), /);
});
