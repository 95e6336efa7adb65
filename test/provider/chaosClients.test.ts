import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Clients } from "../../scripts/chaos/clients/clients.ts";
import { bearServer, CREDENTIALS, openToClients, type BornServer } from "../support/bornServer.ts";
import { Relay } from "../support/relay.ts";

/** Writes of every client, and how long they may take. */
const WRITES = 6;
const WITHIN_MS = 10_000;

let server: BornServer;
let relay: Relay;
let clients: Clients;

beforeAll(async () => {
  server = await bearServer("blue", { product: "redis", version: "8.0" });
  await openToClients(server);
});

afterAll(() => server.stop());

beforeEach(async ({ task }) => {
  relay = await Relay.to(server.target.primary.operator);
  const endpoint = { ...relay.address, password: CREDENTIALS.application.password ?? "" };
  clients = await Clients.start({ endpoint, manner: "resend", keyPrefix: task.id, seed: 1 });
});

afterEach(() => {
  clients.kill();
  relay.close();
});

test("clients of the fault matrix that are served say so, and know what is there in the end", async () => {
  expect(await clients.unserved(WRITES, WITHIN_MS)).toEqual([]);
  const histories = await clients.stop();
  expect(histories.filter(({ final }) => final === undefined)).toEqual([]);
});

test("one connection that gets no answers is told, however many writes the others get done", async () => {
  relay.hold(1);
  const [held, ...others] = await clients.unserved(WRITES, WITHIN_MS);
  expect(held).toMatch(/^not served: callers \d, \d of 8 got no 6 writes answered within 10000 ms$/);
  expect(others).toEqual([]);
  const calls = (await clients.stop()).flatMap((history) => history.calls);
  expect(calls.filter(({ outcome }) => outcome === "unknown").length).toBe(2);
});

test("that a new client is not let in is told", async () => {
  relay.refuse();
  expect(await clients.unserved(WRITES, WITHIN_MS)).toEqual([
    "not served: a write on a new connection was not answered within 10000 ms",
  ]);
});
