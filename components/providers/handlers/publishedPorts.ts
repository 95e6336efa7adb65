import Docker from "dockerode";
import { COLOURS } from "../../engine/colour.ts";
import type { ChangeGuardInputs } from "../changeGuard.ts";

/**
 * Ports of this machine that the deployment's running containers have already, each the one that is to have it: the last
 * update may have been to remove them, and failed after the guard's part of it was stored. A daemon that can't be asked
 * names none.
 */
export async function publishedByItself(news: ChangeGuardInputs): Promise<number[]> {
  try {
    const containers = await new Docker().listContainers();
    return containers.flatMap(({ Names, Ports }) => {
      const published = [...new Set(Ports.map(({ PublicPort }) => PublicPort))];
      return published.filter((port) => Names.some((name) => isToHave(name.slice(1), port, news)));
    });
  } catch {
    return [];
  }
}

/** A server has its operator's port alone; proxy and bridge have all others. */
function isToHave(container: string, port: number, news: ChangeGuardInputs): boolean {
  if (container === `${news.name}-proxy` || container === `${news.name}-bridge`) return true;
  return COLOURS.some((colour) => {
    const { operatorPort, replicas = 0 } = news[colour] ?? {};
    if (operatorPort === undefined) return false;
    const index = port - operatorPort;
    return index >= 0 && index <= replicas && container === `${news.name}-${colour}-${index}`;
  });
}
