import type Docker from "dockerode";
import { unless } from "./dockerClient.ts";
import { findImage } from "./image.ts";
import type { Properties } from "./properties.ts";
import type { Created, ResourceType, Update } from "./resourceType.ts";
import { flag, map, set, text } from "./schema.ts";

const replaces = true;

/** `docker:index/remoteImage:RemoteImage`, without builds. */
export const remoteImage: ResourceType = {
  schema: {
    name: text({ required: true }),
    keepLocally: flag(),
    forceRemove: flag(),
    triggers: map({ replaces }),
    pullTriggers: set(text(), { replaces }),
    imageId: text({ output: true }),
    repoDigest: text({ output: true }),
  },
  alwaysDeleteBeforeReplace: false,
  create,
  read,
  update,
  delete: remove,
};

async function create(docker: Docker, planned: Properties): Promise<Created> {
  const name = nameOf(planned);
  const image = await findImage(docker, name);
  return { id: `${image.Id}${name}`, state: stateOf(image, planned) };
}

async function read(docker: Docker, _id: string, state: Properties): Promise<Properties | undefined> {
  const image = await unless([404], docker.getImage(nameOf(state)).inspect());
  return image && stateOf(image, state);
}

function stateOf(image: Docker.ImageInspectInfo, state: Properties): Properties {
  return { ...state, imageId: image.Id, repoDigest: image.RepoDigests[0] ?? "" };
}

async function update(docker: Docker, _id: string, { planned }: Update): Promise<void> {
  await findImage(docker, nameOf(planned));
}

async function remove(docker: Docker, _id: string, state: Properties): Promise<void> {
  if (state["keepLocally"] === true) return;
  const force = state["forceRemove"] === true;
  await unless([404], docker.getImage(nameOf(state)).remove({ force }));
}

function nameOf({ name }: Properties): string {
  return typeof name === "string" ? name : "";
}
