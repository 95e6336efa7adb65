import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LinkError, PlainClient } from "../../../components/engine/bridge/plainClient.ts";
import { until } from "../../../components/engine/until.ts";

const TRANSACTION = [["MULTI"], ["TYPE", "key"], ["LRANGE", "key", 0, -1], ["EXEC"]];
const SIZE = { elements: 10, bytes: 1_000 };

let server: Server;
let client: PlainClient;
/** The server's end of the connection. */
let peer: Socket;

beforeEach(async () => {
  server = createServer((socket) => {
    peer = socket;
    socket.on("error", () => undefined);
    // The login.
    socket.once("data", () => socket.write("+OK\r\n"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  client = await PlainClient.open({ host: "127.0.0.1", port }, { username: "bridge" }, 300);
});

afterEach(async () => {
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

const bulk = (value: string): string => `$${value.length}\r\n${value}\r\n`;

/** Before the list, its elements, and what comes behind it. */
function answer(values: readonly string[]): string[] {
  return [
    "+OK\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+list\r\n",
    `*${values.length}\r\n`,
    ...values.map(bulk),
    ":7\r\n",
  ];
}

it("gives a list in parts of so many elements or bytes, with what came before it", async () => {
  const values = [...Array.from({ length: 25 }, (_, i) => `${i}`), "v".repeat(2_000), "last", "one"];
  const made = client.listInParts(TRANSACTION, 1, SIZE);
  const whole = answer(values).join("");
  // Cut anywhere, as a network does.
  for (let at = 0; at < whole.length; at += 7) peer.write(whole.slice(at, at + 7));
  const got: string[][] = [];
  for await (const part of made.parts) {
    got.push((part as Buffer[]).map(String));
    expect(made.before[0]).toBe("list");
  }
  expect(got.map(({ length }) => length)).toEqual([10, 10, 6, 2]);
  expect(got.flat()).toEqual(values);
  expect(await made.reply).toEqual(["list", [], 7]);
});

it("reads no further while nobody takes what is there, and doesn't call that an answer that is missing", async () => {
  const [head, ...elements] = answer(Array.from({ length: 20_000 }, () => "v".repeat(1_000)));
  const { parts, reply } = client.listInParts(TRANSACTION, 1, SIZE);
  peer.write(head ?? "");
  peer.write(elements.join(""));
  const stuck = (): Promise<true | undefined> =>
    Promise.resolve(client.socket.isPaused() && peer.writableLength > 0 ? true : undefined);
  await until(stuck, { timeoutMs: 5_000, intervalMs: 5, what: "nothing more is read" });
  const before = client.socket.bytesRead;
  // Longer than an answer may take.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(client.socket.bytesRead).toBe(before);
  let count = 0;
  for await (const part of parts) count += (part as Buffer[]).length;
  expect(count).toBe(20_000);
  expect(await reply).toEqual(["list", [], 7]);
  // What comes next is read as ever.
  const next = client.call("TYPE", "key");
  peer.write("+none\r\n");
  expect(await next).toBe("none");
});

it("tells whoever takes the parts that the connection ended", async () => {
  const { parts, reply } = client.listInParts(TRANSACTION, 1, SIZE);
  peer.write(
    answer(Array.from({ length: 30 }, () => "v"))
      .slice(0, 20)
      .join(""),
  );
  const taken = (async () => {
    for await (const part of parts) if ((part as Buffer[]).length > 0) peer.destroy();
  })();
  await expect(taken).rejects.toThrow(LinkError);
  await expect(reply).rejects.toThrow(LinkError);
});

it("gives up a server that says nothing", async () => {
  const { parts } = client.listInParts(TRANSACTION, 1, SIZE);
  await expect(parts.toArray()).rejects.toThrow("no answer within 300 ms");
});
