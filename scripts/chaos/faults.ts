import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { OPERATOR_USER, REPLICATION_USER } from "../../components/engine/users.ts";
import type { FrozenUpdate } from "../../test/support/frozenUpdate.ts";
import type { TestStack } from "../../test/support/testStack.ts";
import type { FaultName } from "./faultName.ts";
import type { Manner } from "./clients/messages.ts";

/** Where a fault is made. */
export interface Scene {
  stack: TestStack;
  /** The colour to which the cutover leads. */
  to: Colour;
  update: FrozenUpdate;
}

/** A fault that was made, to be mended. */
export type Mend = () => Promise<unknown>;

/** How a fault is made and what it needs. */
export interface Fault {
  /** How long it lasts in milliseconds unless the case says otherwise; Infinity: until the driver has ended. */
  lastsMs: number;
  /** A fault on the way of answers may lose them; then clients must not send again what may have been carried out. */
  manner: Manner;
  /**
   * With RDB files only, a server that is killed loses what it acknowledged since its last save. That is Redis, so where
   * one is killed both append every write to a file before they answer.
   */
  persistence: "rdb" | "aof";
  make(scene: Scene): Promise<Mend>;
}

/** Longer than writes may be held (guardrails.pauseTimeoutMs, 3,000). */
const BEYOND_DEADLINE_MS = 4_500;
/** How long a killed container is away. */
const AWAY_MS = 300;

const DEFAULTS = { lastsMs: BEYOND_DEADLINE_MS, manner: "once", persistence: "rdb" } as const;

/** What each fault does. */
export const FAULTS: Record<FaultName, Fault> = {
  "driver-killed": {
    ...DEFAULTS,
    manner: "resend",
    lastsMs: 0,
    make: async ({ update }) => {
      await update.kill();
      return () => update.unlock();
    },
  },
  "driver-stopped": {
    ...DEFAULTS,
    manner: "resend",
    make: ({ update }) => {
      update.stop();
      return Promise.resolve(() => {
        update.resume();
        return Promise.resolve();
      });
    },
  },
  "old-frozen": frozen("old"),
  "new-frozen": frozen("new"),
  "proxy-killed": killed("proxy", "rdb"),
  "proxy-frozen": frozen("proxy"),
  "old-cut-off": cutOff("old"),
  "new-cut-off": cutOff("new"),
  "proxy-cut-off": cutOff("proxy"),
  "old-password": wrongPassword("old"),
  "new-password": wrongPassword("new"),
  "link-refused": { ...DEFAULTS, manner: "resend", lastsMs: Infinity, make: refuseLink },
  "old-unwritable": unwritable("old"),
  "new-unwritable": unwritable("new"),
  "old-killed": killed("old", "aof"),
  "new-killed": killed("new", "aof"),
};

type Part = "old" | "new" | "proxy";

function colourOf(part: "old" | "new", to: Colour): Colour {
  return part === "new" ? to : otherColour(to);
}

function containerOf(part: Part, { stack, to }: Scene): string {
  return part === "proxy" ? `${stack.deployment}-proxy` : `${stack.deployment}-${colourOf(part, to)}-0`;
}

function killed(part: Part, persistence: Fault["persistence"]): Fault {
  return {
    ...DEFAULTS,
    lastsMs: AWAY_MS,
    persistence,
    make: async (scene) => {
      const container = containerOf(part, scene);
      await scene.stack.docker("kill", "--signal", "KILL", container);
      return () => scene.stack.docker("start", container);
    },
  };
}

function frozen(part: Part): Fault {
  return {
    ...DEFAULTS,
    make: async (scene) => {
      const container = containerOf(part, scene);
      await scene.stack.docker("pause", container);
      return () => scene.stack.docker("unpause", container);
    },
  };
}

function cutOff(part: Part): Fault {
  return {
    ...DEFAULTS,
    make: async (scene) => {
      const network = scene.stack.deployment;
      const container = containerOf(part, scene);
      await scene.stack.docker("network", "disconnect", network, container);
      return () => scene.stack.docker("network", "connect", network, container);
    },
  };
}

/** The operator's password changes behind the driver's back: its connections stay, new ones are refused. */
function wrongPassword(part: "old" | "new"): Fault {
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
async function refuseLink({ stack, to }: Scene): Promise<Mend> {
  const server = await stack.server(otherColour(to));
  await server.call("ACL", "SETUSER", REPLICATION_USER, "off");
  await server.call("CLIENT", "KILL", "TYPE", "replica");
  return async () => {
    await server.call("ACL", "SETUSER", REPLICATION_USER, "on");
    server.close();
  };
}

/** CONFIG REWRITE fails, as it does on a full disk: a folder stands where the file was. */
function unwritable(part: "old" | "new"): Fault {
  return {
    ...DEFAULTS,
    lastsMs: Infinity,
    manner: "resend",
    make: async (scene) => {
      const container = containerOf(part, scene);
      const inContainer = (script: string): Promise<string> =>
        scene.stack.docker("exec", "--user", "0", container, "sh", "-c", script);
      await inContainer("mv /data/redis.conf /data/kept.conf && mkdir -p /data/redis.conf/full");
      return () => inContainer("rm -r /data/redis.conf && mv /data/kept.conf /data/redis.conf");
    },
  };
}
