import type Docker from "dockerode";
import { step, unless } from "./dockerClient.ts";
import { labelList, labelMap } from "./labels.ts";
import { withoutNulls, withoutZeros, type Properties } from "./properties.ts";
import { removeWhenFree } from "./removeWhenFree.ts";
import type { Created, ResourceType } from "./resourceType.ts";
import { labels, map, text } from "./schema.ts";

const replaces = true;
const computed = true;

interface VolumeProperties {
  name: string;
  labels?: { label: string; value: string }[];
  driver?: string;
  driverOpts?: Record<string, string>;
}

/** `docker:index/volume:Volume`, without cluster volumes: any change replaces it, and its data with it. */
export const volume: ResourceType = {
  schema: {
    name: text({ autonamed: true, computed, replaces }),
    labels: labels({ replaces }),
    driver: text({ computed, replaces }),
    driverOpts: map({ replaces }),
    mountpoint: text({ output: true }),
  },
  alwaysDeleteBeforeReplace: false,
  create,
  read,
  update: () => Promise.resolve(),
  delete: remove,
};

/** The daemon answers a name that exists already with that volume, as it is: so it is adopted. */
async function create(docker: Docker, planned: Properties): Promise<Created> {
  const wanted = planned as unknown as VolumeProperties;
  const options = { Labels: labelMap(wanted.labels), Driver: wanted.driver, DriverOpts: wanted.driverOpts };
  await step("Unable to create volume", docker.createVolume({ Name: wanted.name, ...withoutZeros(options) }));
  return { id: wanted.name, state: (await read(docker, wanted.name)) ?? planned };
}

async function read(docker: Docker, id: string): Promise<Properties | undefined> {
  const found = await unless([404], docker.getVolume(id).inspect());
  if (!found) return undefined;
  return withoutNulls({
    name: found.Name,
    labels: labelList(found.Labels),
    driver: found.Driver,
    driverOpts: found.Options ?? {},
    mountpoint: found.Mountpoint,
  });
}

/** By force, data and all. */
async function remove(docker: Docker, id: string): Promise<void> {
  await removeWhenFree("volume is in use", () => docker.getVolume(id).remove({ force: true }));
}
