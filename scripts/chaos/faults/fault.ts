import { otherColour, type Colour } from "../../../components/engine/colour.ts";
import type { RunningUpdate } from "../../../test/support/runningUpdate.ts";
import type { TestStack } from "../../../test/support/testStack.ts";
import type { Manner } from "../clients/messages.ts";
import type { Ground } from "../grounds.ts";

/** Where a fault is made. */
export interface Scene {
  stack: TestStack;
  /** The colour to which the cutover leads. */
  to: Colour;
  update: RunningUpdate;
}

/** A fault that was made, to be mended. */
export type Mend = () => Promise<unknown>;

/** How a fault is made and what it needs. */
export interface Fault {
  /** How long it lasts in milliseconds unless the case says otherwise; Infinity: until the driver has ended. */
  lastsMs: number;
  /** A fault on the way of answers may lose them; then clients must not send again what may have been carried out. */
  manner: Manner;
  /** The deployment that it can be made in. */
  ground: Ground;
  /** What else the machine must have. */
  needs?: "network tools" | "mounts" | "faketime";
  make(scene: Scene): Promise<Mend>;
}

/** Longer than writes may be held (guardrails.pauseTimeoutMs, 3,000). */
const BEYOND_DEADLINE_MS = 4_500;

/** What most faults have in common. */
export const DEFAULTS = { lastsMs: BEYOND_DEADLINE_MS, manner: "once", ground: "rdb" } as const;

/** A colour in its role, the proxy, or the bridge. */
export type Part = "old" | "new" | "proxy" | "bridge";

/** The colour that has this role. */
export function colourOf(part: "old" | "new", to: Colour): Colour {
  return part === "new" ? to : otherColour(to);
}

/** The container's name. */
export function containerOf(part: Part, { stack, to }: Scene): string {
  const isServer = part === "old" || part === "new";
  return `${stack.deployment}-${isServer ? `${colourOf(part, to)}-0` : part}`;
}

/** Runs a script in a container, as root. */
export function inContainer(part: Part, scene: Scene, script: string): Promise<string> {
  return scene.stack.docker("exec", "--user", "0", containerOf(part, scene), "sh", "-c", script);
}
