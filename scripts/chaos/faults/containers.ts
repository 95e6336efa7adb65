import type { Ground } from "../grounds.ts";
import { containerOf, DEFAULTS, type Fault, type Part } from "./fault.ts";

/** How long a killed container is away. */
const AWAY_MS = 300;

/** SIGKILL of a container's processes, and its restart. */
export function killed(part: Part, ground: Ground): Fault {
  return {
    ...DEFAULTS,
    lastsMs: AWAY_MS,
    ground,
    make: async (scene) => {
      const container = containerOf(part, scene);
      await scene.stack.docker("kill", "--signal", "KILL", container);
      return () => scene.stack.docker("start", container);
    },
  };
}

/** A container's processes get no CPU, as after SIGSTOP. */
export function frozen(part: Part): Fault {
  return {
    ...DEFAULTS,
    make: async (scene) => {
      const container = containerOf(part, scene);
      await scene.stack.docker("pause", container);
      return () => scene.stack.docker("unpause", container);
    },
  };
}

/** A container is taken off the Docker network, and with it off the ports of the machine. */
export function cutOff(part: Part): Fault {
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
