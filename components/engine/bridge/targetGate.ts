import { formatAddress, type Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { handoverIn, keyPatterns } from "../handover.ts";
import { PROXY_USER } from "../users.ts";
import { ReplyError } from "../verification/replyParser.ts";
import { LinkError, PlainClient } from "./plainClient.ts";
import type { HistoryPlace } from "./position.ts";

/** Whether the target may be written. */
export type TargetState =
  /** Clients are let in, or the bridge's user is not: nothing may be written. */
  | { is: "open"; reason?: string }
  /** Nobody but the bridge writes. The note tells where its history ended, if a cutover closed it. */
  | { is: "closed"; handedOver?: HistoryPlace };

/** Tells whether the target is closed. */
export interface TargetGate {
  /** @throws LinkError when the target can't be reached */
  look(): Promise<TargetState>;
}

/** Reads the gate on the target itself, with the bridge's user, which needs `acl|getuser`. */
export class TargetGateOnServer implements TargetGate {
  readonly #address: Address;
  readonly #login: Login;

  constructor(address: Address, login: Login) {
    this.#address = address;
    this.#login = login;
  }

  async look(): Promise<TargetState> {
    let client: PlainClient;
    try {
      client = await PlainClient.open(this.#address, this.#login);
    } catch (error) {
      // A target that was opened locks the bridge out; so does a wrong password, and neither may be written.
      if (error instanceof LinkError && /WRONGPASS|NOPERM/.test(error.message)) {
        return { is: "open", reason: "the target does not let the bridge in" };
      }
      throw error;
    }
    try {
      return await lookWith(client);
    } finally {
      client.close();
    }
  }
}

async function lookWith(client: PlainClient): Promise<TargetState> {
  const [user, role] = await client.batch([["ACL", "GETUSER", PROXY_USER], ["ROLE"]]);
  if (user instanceof ReplyError || role instanceof ReplyError) {
    return { is: "open", reason: `the bridge may not look at ${formatAddress(client.address)}'s gate` };
  }
  const [kind] = Array.isArray(role) ? role : [];
  if (String(kind) !== "master") return { is: "open", reason: "the target follows another server" };
  if (!Array.isArray(user)) return { is: "closed" };
  const fields = new Map(
    user.flatMap((value, i) => (i % 2 === 0 ? [[String(value), user[i + 1]] as const] : [])),
  );
  const flags = fields.get("flags");
  if (Array.isArray(flags) && flags.some((flag) => String(flag) === "on")) return { is: "open" };
  const keys = fields.get("keys");
  const handedOver = handoverIn(keyPatterns(Array.isArray(keys) ? keys : String(keys)));
  return handedOver === undefined ? { is: "closed" } : { is: "closed", handedOver };
}
