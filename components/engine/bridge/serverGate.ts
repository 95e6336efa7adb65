import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, type Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { ANEW, FED, handoverIn, keyPatterns, notedIn, RUN, UNOPENED, type Handover } from "../handover.ts";
import { PROXY_USER } from "../users.ts";
import { ReplyError, type Reply } from "../verification/replyParser.ts";
import { LinkError, PlainClient } from "./plainClient.ts";

/** A server as the bridge reaches it. */
export interface BridgeEnd {
  address: Address;
  login: Login;
}

/** What a server tells of itself to the bridge. */
export interface ServerGate {
  /** A master, closed to clients, with the note that the bridge feeds it. */
  fed: boolean;
  /** A master that clients are let into. */
  open: boolean;
  /** The note of where in the source's history it goes on; without it, the dataset has to be copied. */
  handedOver?: Handover;
  /** The server's `run_id` when that note was made; absent: it is not known. */
  run?: string;
  /** The word under which every key is to be copied, whatever was noted before; absent: it goes on where it can. */
  anew?: string;
  /** Replication offset: where a master's history ends, or how far a replica has followed. */
  offset: number;
  /** Its clock less this machine's, in milliseconds. */
  skewMs: number;
}

/** How long a look is waited for; a server that takes longer is looked at all the same, for the next one who asks. */
const PATIENCE_MS = 1_000;

/** Looks at a server's gate with the bridge's user, over a connection that is kept. */
export class GateWatch {
  readonly #end: BridgeEnd;
  #client: PlainClient | undefined;
  #closed = false;
  #look: Promise<ServerGate> | undefined;

  constructor(end: BridgeEnd) {
    this.#end = end;
  }

  /**
   * @param fresh the server is asked from here on: what was asked before doesn't count
   * @throws LinkError where the server can't be reached, refuses, or gives no answer within a second
   */
  async look(fresh = false): Promise<ServerGate> {
    if (fresh) await this.#look?.catch(() => undefined);
    const look = (this.#look ??= this.#ask().finally(() => {
      this.#look = undefined;
    }));
    const patience = new AbortController();
    const late = delay(PATIENCE_MS, undefined, { signal: patience.signal }).then(() => {
      throw new LinkError(`${formatAddress(this.#end.address)}: no answer within ${PATIENCE_MS} ms`);
    });
    try {
      return await Promise.race([look, late]);
    } finally {
      late.catch(() => undefined);
      patience.abort();
    }
  }

  /** For good: a look that is under way ends as well, and leaves no connection behind. */
  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  async #ask(): Promise<ServerGate> {
    const kept = this.#client;
    if (kept !== undefined) {
      try {
        return await lookWith(kept);
      } catch {
        // Whoever opens or takes over a target ends every connection of this user.
        kept.close();
        this.#client = undefined;
      }
    }
    const client = await PlainClient.open(this.#end.address, this.#end.login);
    this.#client = client;
    if (this.#closed) client.close();
    return lookWith(client);
  }
}

async function lookWith(client: PlainClient): Promise<ServerGate> {
  const before = Date.now();
  const replies = await client.batch([["ACL", "GETUSER", PROXY_USER], ["ROLE"], ["TIME"]]);
  const middle = (before + Date.now()) / 2;
  for (const reply of replies) {
    if (reply instanceof ReplyError) throw new LinkError(reply.message);
  }
  const [user = null, role = null, time = null] = replies;
  const [seconds, micros] = itemsOf(time);
  const skewMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - middle;
  return { ...gateOf(user, role), skewMs };
}

/** Reads the replies of `ACL GETUSER` for the proxy's user and `ROLE`. */
export function gateOf(user: Reply, role: Reply): Omit<ServerGate, "skewMs"> {
  const [kind, ...place] = itemsOf(role);
  const master = String(kind) === "master";
  // A master's offset is the second item, a replica's the fifth.
  const offset = Number((master ? place[0] : place[3]) ?? 0);
  const field = (name: string): Reply => {
    const fields = itemsOf(user);
    return fields[fields.findIndex((value, i) => i % 2 === 0 && String(value) === name) + 1] ?? null;
  };
  const on = itemsOf(field("flags")).some((flag) => String(flag) === "on");
  if (!master || on || user === null) return { fed: false, open: master && on, offset };
  const keys = field("keys");
  const notes = keyPatterns(Array.isArray(keys) ? keys : String(keys));
  const fed = notes.some((note) => note.startsWith(FED)) && !notes.includes(UNOPENED);
  const handedOver = handoverIn(notes);
  const [run, anew] = [notedIn(notes, RUN), notedIn(notes, ANEW)];
  return {
    fed,
    open: false,
    offset,
    ...(handedOver === undefined ? {} : { handedOver }),
    ...(run === undefined ? {} : { run }),
    ...(anew === undefined ? {} : { anew }),
  };
}

function itemsOf(reply: Reply): Reply[] {
  return Array.isArray(reply) ? reply : [];
}
