import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, type Address } from "./address.ts";
import { COLOURS, type Colour } from "./colour.ts";
import type { Traffic, TrafficState } from "./traffic.ts";

/** The backend that carries the write endpoint; its servers are named after the colours. */
const BACKEND = "write";

/** Milliseconds between two attempts. */
const RETRY_MS = 50;

/** The proxy could not be asked, or refused a command. */
export class HaproxyError extends Error {
  override name = "HaproxyError";
}

/** HAProxy's runtime API. Sequences measured with HAProxy 2.6.12 and 3.0. */
export class Haproxy implements Traffic {
  private readonly runtime: Address;
  private readonly timeoutMs: number;
  private readonly patienceMs: number;
  private sessions: Record<Colour, number> | undefined;
  private ready: Socket[] = [];

  /**
   * @param runtime where the runtime API listens
   * @param options `timeoutMs` for each attempt, default 2,000; `patienceMs`: for how long attempts that get no answer are
   *   repeated, default 0
   */
  constructor(runtime: Address, { timeoutMs = 2_000, patienceMs = 0 } = {}) {
    this.runtime = runtime;
    this.timeoutMs = timeoutMs;
    this.patienceMs = patienceMs;
  }

  async observe(): Promise<TrafficState> {
    const rows = parseStat(await this.run(["show stat"]));
    const sessions: Record<Colour, number> = { blue: 0, green: 0 };
    const up: Colour[] = [];
    for (const colour of COLOURS) {
      const row = rows.find((r) => r.get("pxname") === BACKEND && r.get("svname") === colour);
      sessions[colour] = Number(row?.get("scur") ?? 0);
      if (row !== undefined && takesClients(row)) up.push(colour);
    }
    return { ...(up.length === 1 && up[0] !== undefined ? { target: up[0] } : {}), sessions };
  }

  /** As `observe`; undefined where the proxy doesn't answer. */
  async observeIfUp(): Promise<TrafficState | undefined> {
    try {
      return await this.observe();
    } catch (error) {
      if (!(error instanceof HaproxyError)) throw error;
      return undefined;
    }
  }

  async prepare(): Promise<void> {
    this.sessions = (await this.observe()).sessions;
    this.ready = [await this.connect()];
  }

  async move(from: Colour, to: Colour): Promise<number> {
    const sessions = this.sessions ?? (await this.observe()).sessions;
    // One line is carried out without anything between its commands.
    await this.run([...upCommands(to), ...downCommands(from)]);
    return sessions[from];
  }

  close(): void {
    for (const socket of this.ready) socket.destroy();
  }

  private async run(commands: string[]): Promise<string> {
    const reply = await this.answerTo(`${commands.join(";")}\n`);
    const refusal = /^(Unknown command|No such|Permission denied|Require|Invalid|'[^']*' expects).*$/m.exec(
      reply,
    );
    if (refusal !== null)
      throw new HaproxyError(`proxy ${formatAddress(this.runtime)}: ${refusal[0]} (${commands.join("; ")})`);
    return reply;
  }

  /**
   * A proxy that has just been started, or starts again, refuses connections; where Docker forwards the port they stand, and
   * are then reset. Every line may be sent again.
   */
  private async answerTo(line: string): Promise<string> {
    const deadline = performance.now() + this.patienceMs;
    for (;;) {
      try {
        return await this.exchange(line);
      } catch (error) {
        if (performance.now() >= deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** The API answers one line per connection and then closes it. */
  private async exchange(line: string): Promise<string> {
    const prepared = this.ready.pop();
    const socket = prepared?.writable === true ? prepared : await this.connect();
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      socket.setTimeout(this.timeoutMs, () => {
        socket.destroy(this.failure(`no answer within ${this.timeoutMs} ms`));
      });
      socket.on("error", (error) => {
        reject(error instanceof HaproxyError ? error : this.failure(error.message));
      });
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("end", () => {
        socket.end();
        if (chunks.length > 0) resolve(Buffer.concat(chunks).toString());
        else reject(this.failure("closed the connection without an answer"));
      });
      socket.write(line);
    });
  }

  private connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...this.runtime, noDelay: true });
      socket.setTimeout(this.timeoutMs, () => {
        socket.destroy(this.failure(`no connection within ${this.timeoutMs} ms`));
      });
      socket.once("error", (error) => {
        reject(error instanceof HaproxyError ? error : this.failure(error.message));
      });
      socket.once("connect", () => {
        socket.setTimeout(0);
        resolve(socket);
      });
    });
  }

  private failure(reason: string): HaproxyError {
    return new HaproxyError(`proxy ${formatAddress(this.runtime)}: ${reason}`);
  }
}

/** Without checks a server counts as up; with weight 0 or in any other state it gets no new connections. */
function takesClients(row: ReadonlyMap<string, string>): boolean {
  const status = row.get("status") ?? "";
  return (status.startsWith("UP") || status === "no check") && row.get("weight") !== "0";
}

/**
 * Health rather than admin state: the checks stay in force, so that a proxy without a driver still follows the servers.
 * First of all they are put in force again, should somebody have overruled them.
 */
function upCommands(to: Colour): string[] {
  return [...followChecks(to), `set server ${BACKEND}/${to} health up`];
}

function downCommands(from: Colour): string[] {
  return [
    ...followChecks(from),
    `set server ${BACKEND}/${from} health down`,
    `shutdown sessions server ${BACKEND}/${from}`,
  ];
}

/** Commands after which the checks alone decide on a server. */
function followChecks(colour: Colour): string[] {
  const server = `${BACKEND}/${colour}`;
  return [`set server ${server} state ready`, `set server ${server} weight 100%`, `enable health ${server}`];
}

/** Reads the CSV of `show stat`: one map per line, by the header's names. */
function parseStat(csv: string): ReadonlyMap<string, string>[] {
  const [header, ...lines] = csv.trim().split("\n");
  const names = (header ?? "").replace(/^# /, "").split(",");
  return lines.map((line) => new Map(line.split(",").map((value, i) => [names[i] ?? String(i), value])));
}
