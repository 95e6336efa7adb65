import type Docker from "dockerode";
import { step, unless } from "./dockerClient.ts";
import { withoutNulls, type Properties } from "./properties.ts";
import { removeWhenFree } from "./removeWhenFree.ts";
import type { ResourceType } from "./resourceType.ts";
import type { Fields } from "./schema.ts";

/** How the daemon is asked for one kind of thing. */
interface Kind<Found> {
  /** As messages call it. */
  name: string;
  schema: Fields;
  /** @returns the ID */
  create(docker: Docker, planned: Properties): Promise<string>;
  inspect(docker: Docker, id: string): Promise<Found>;
  stateOf(found: Found): object;
  /** What the daemon says while containers hold it. */
  held: string;
  remove(docker: Docker, id: string): Promise<unknown>;
}

/** A resource of which no change is an update: any replaces it. It is removed once no container holds it any more. */
export function replacedOnly<Found>(kind: Kind<Found>): ResourceType {
  const read = async (docker: Docker, id: string): Promise<Properties | undefined> => {
    const found = await unless([404], kind.inspect(docker, id));
    return found && withoutNulls(kind.stateOf(found));
  };
  return {
    schema: kind.schema,
    alwaysDeleteBeforeReplace: false,
    create: async (docker, planned) => {
      const id = await step(`Unable to create ${kind.name}`, kind.create(docker, planned));
      return { id, state: (await read(docker, id)) ?? planned };
    },
    read,
    update: () => Promise.resolve(),
    delete: (docker, id) => removeWhenFree(kind.held, () => kind.remove(docker, id)),
  };
}
