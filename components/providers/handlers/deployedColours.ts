import Docker from "dockerode";
import { COLOURS, type Colour } from "../../engine/colour.ts";
import type { ChangeGuardInputs } from "../changeGuard.ts";

/**
 * Which colours of the last update really got a server. One whose container was never created, for want of its image
 * say, holds nothing that could be lost, and its config may be corrected. A stopped container counts as deployed.
 */
export async function deployedColours(last: ChangeGuardInputs): Promise<Colour[]> {
  const docker = new Docker();
  const found = await Promise.all(
    COLOURS.map(async (colour) => {
      const spec = last[colour];
      if (spec === undefined) return [];
      const there = spec.address !== undefined || (await exists(docker, `${last.name}-${colour}-0`));
      return there ? [colour] : [];
    }),
  );
  return found.flat();
}

/** A daemon that can't be asked answers nothing: then the container is taken to be there. */
async function exists(docker: Docker, container: string): Promise<boolean> {
  try {
    await docker.getContainer(container).inspect();
    return true;
  } catch (error) {
    return (error as { statusCode?: number }).statusCode !== 404;
  }
}

/**
 * Whether a server ends again and again, and holds nothing in memory that its volume doesn't: Docker waits to start it anew.
 * One that hangs, or was stopped, is none of that; a daemon that can't be asked says no.
 */
export async function endsAtItsStart(container: string): Promise<boolean> {
  try {
    return (await new Docker().getContainer(container).inspect()).State.Restarting;
  } catch {
    return false;
  }
}
