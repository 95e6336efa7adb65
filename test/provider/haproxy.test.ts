import { createServer, connect, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Haproxy } from "../../components/engine/haproxy.ts";
import { bearProxy, type BornProxy } from "../support/bornProxy.ts";

let proxy: BornProxy;
let forwarder: Server;
/** Connections that are still to be treated as Docker's port forwarding treats those to a process that doesn't listen. */
let early: number;

beforeAll(async () => {
  const nowhere = { host: "127.0.0.1", port: 1 };
  proxy = await bearProxy({ blue: nowhere, green: nowhere });
  forwarder = createServer((client) => {
    client.on("error", () => undefined);
    if (early-- > 0) {
      if (early % 2 === 0) client.end();
      else client.resetAndDestroy();
      return;
    }
    client.pipe(connect(proxy.runtime)).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(forwarder, "listening");
});

beforeEach(() => {
  early = 4;
});

afterAll(async () => {
  forwarder.close();
  await proxy.container.stop({ timeout: 0 });
});

function runtime() {
  return { host: "127.0.0.1", port: (forwarder.address() as AddressInfo).port };
}

test("a proxy that has just been started is waited for by who has patience", async () => {
  const traffic = new Haproxy(runtime(), { patienceMs: 30_000 });
  await traffic.observe();
  expect(early).toBeLessThan(0);
  // The checks find the two servers down one after the other.
  await expect
    .poll(() => traffic.observe(), { timeout: 30_000 })
    .toEqual({ sessions: { blue: 0, green: 0 } });
});

test("clients are moved by the first line that is answered", async () => {
  const traffic = new Haproxy(runtime(), { patienceMs: 30_000 });
  expect(await traffic.move("blue", "green")).toBe(0);
});

test("and is said to have given no answer without", async () => {
  const traffic = new Haproxy(runtime());
  await expect(traffic.observe()).rejects.toThrow(/^proxy 127\.0\.0\.1:\d+: (read|connect) ECONNRESET/);
  await expect(traffic.observe()).rejects.toThrow(/closed the connection without an answer$/);
});

test("patience ends", async () => {
  early = Infinity;
  const traffic = new Haproxy(runtime(), { patienceMs: 200 });
  await expect(traffic.observe()).rejects.toThrow(/^proxy 127\.0\.0\.1:\d+: /);
});
