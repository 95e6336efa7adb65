import { infoNumber, parseInfo } from "../infoReply.ts";
import { atLeast } from "../serverVersion.ts";
import { PlainClient } from "./plainClient.ts";
import type { BridgeEnd } from "./serverGate.ts";
import { SourceLink } from "./sourceLink.ts";
import { versionIn } from "./versionIn.ts";

/** Attached to a server as its replica, so that it keeps a backlog; counts what it emits and applies nothing. */
export class ArmedLink {
  /** How far the stream was read, in bytes of the server's history. */
  offset: number;
  /** Why the stream ended. */
  ended: Error | undefined;
  readonly #link: SourceLink;

  private constructor(link: SourceLink, offset: number) {
    this.#link = link;
    this.offset = offset;
    link.start(
      (chunk) => {
        this.offset += chunk.length;
      },
      (error) => {
        this.ended = error;
      },
    );
    link.acknowledge(() => this.offset);
  }

  /** @throws LinkError where the server can't be reached, or gives no stream */
  static async open({ address, login }: BridgeEnd): Promise<ArmedLink> {
    const control = await PlainClient.open(address, login);
    try {
      const info = parseInfo(String(await control.call("INFO", "replication")));
      const isMaster = info.get("role") === "master";
      const offset = infoNumber(info, isMaster ? "master_repl_offset" : "slave_repl_offset");
      const from = { replid: info.get("master_replid") ?? "", offset };
      const { version } = versionIn(parseInfo(String(await control.call("INFO", "server"))));
      const { link, beginning } = await SourceLink.open(address, login, from, atLeast(version, "7.0"));
      return new ArmedLink(link, beginning.offset);
    } finally {
      control.close();
    }
  }

  close(): void {
    this.#link.close();
  }
}
