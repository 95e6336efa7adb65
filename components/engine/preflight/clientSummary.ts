import { isOperatorName } from "../ownConnections.ts";
import { parseClientList } from "../infoReply.ts";
import { OWN_USERS } from "../users.ts";

/** Who is connected to a server, counted from CLIENT LIST. */
export interface ClientSummary {
  /** Connections that are neither replicas nor this project's own. */
  application: number;
  /** Those of them that wait in a blocking command. */
  blocked: number;
}

/** Counts a reply of CLIENT LIST. Flags: S replica, M the primary that it follows, b blocked. */
export function summariseClients(reply: string): ClientSummary {
  const summary: ClientSummary = { application: 0, blocked: 0 };
  for (const client of parseClientList(reply)) {
    const flags = client.get("flags") ?? "";
    const own = OWN_USERS.has(client.get("user") ?? "") || isOperatorName(client.get("name"));
    if (own || /[SM]/.test(flags)) continue;
    summary.application++;
    if (flags.includes("b")) summary.blocked++;
  }
  return summary;
}
