import { otherColour } from "../../../components/engine/colour.ts";
import { OPERATOR_USER, REPLICATION_USER } from "../../../components/engine/users.ts";
import { colourOf, DEFAULTS, type Fault } from "./fault.ts";

/** The operator's password changes behind the driver's back: its connections stay, new ones are refused. */
export function wrongPassword(part: "old" | "new"): Fault {
  return {
    ...DEFAULTS,
    lastsMs: Infinity,
    manner: "resend",
    make: async ({ stack, to }) => {
      const server = await stack.server(colourOf(part, to));
      await server.call("ACL", "SETUSER", OPERATOR_USER, "resetpass", ">not the password");
      return async () => {
        await server.call("ACL", "SETUSER", OPERATOR_USER, "resetpass", `>${stack.passwords.operator}`);
        await server.configRewrite();
        server.close();
      };
    },
  };
}

/** The old colour refuses the new one as a replica, and ends the link that there is. */
export const linkRefused: Fault = {
  ...DEFAULTS,
  manner: "resend",
  lastsMs: Infinity,
  make: async ({ stack, to }) => {
    const server = await stack.server(otherColour(to));
    await server.call("ACL", "SETUSER", REPLICATION_USER, "off");
    await server.call("CLIENT", "KILL", "TYPE", "replica");
    return async () => {
      await server.call("ACL", "SETUSER", REPLICATION_USER, "on");
      server.close();
    };
  },
};
