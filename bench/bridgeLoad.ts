import { connect } from "node:net";
import { once } from "node:events";
import type { Address } from "../components/engine/address.ts";

/** What is written: SET, LPUSH, HSET and ZADD in turn, or SET with an expiry only. */
export type Workload = "mix" | "expiry";

const VALUE = "v".repeat(100);
const CHUNK = 2_000;
const KEYS = 100_000;

function command(workload: Workload, i: number): string {
  const key = (i * 7_919) % KEYS;
  if (workload === "expiry") return encode("SET", `key:${key}`, VALUE, "EX", "90000");
  if (i % 4 === 0) return encode("SET", `key:${key}`, VALUE);
  if (i % 4 === 1) return encode("LPUSH", `list:${key % 5_000}`, VALUE);
  if (i % 4 === 2) return encode("HSET", `hash:${key % 5_000}`, `field:${i % 500}`, VALUE);
  return encode("ZADD", `zset:${key % 5_000}`, String(i % 1_000), `${VALUE.slice(0, 90)}${i % 1_000}`);
}

function encode(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

/** The commands from one number to before another, encoded. */
export function commands(workload: Workload, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += command(workload, i);
  return text;
}

/** Writes about so many megabytes of commands, pipelined; returns how many commands. */
export async function fill(address: Address, megabytes: number, workload: Workload): Promise<number> {
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  await once(socket, "connect");
  let answered = 0;
  socket.on("data", (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) answered++;
  });
  let sent = 0;
  let bytes = 0;
  while (bytes < megabytes * 1024 * 1024) {
    const text = commands(workload, sent, sent + CHUNK);
    sent += CHUNK;
    bytes += text.length;
    if (!socket.write(text, "latin1")) await once(socket, "drain");
    while (sent - answered > 10 * CHUNK) await once(socket, "data");
  }
  while (answered < sent) await once(socket, "data");
  socket.destroy();
  return sent;
}
