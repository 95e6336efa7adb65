import type Docker from "dockerode";
import { labelList, labelMap } from "./labels.ts";
import { withoutZeros, type Properties } from "./properties.ts";
import { replacedOnly } from "./replacedOnly.ts";
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
export const volume = replacedOnly({
  name: "volume",
  schema: {
    name: text({ autonamed: true, computed, replaces }),
    labels: labels({ replaces }),
    driver: text({ computed, replaces }),
    driverOpts: map({ replaces }),
    mountpoint: text({ output: true }),
  },
  create,
  inspect: (docker, id) => docker.getVolume(id).inspect(),
  stateOf: (found) => ({
    name: found.Name,
    labels: labelList(found.Labels),
    driver: found.Driver,
    driverOpts: found.Options ?? {},
    mountpoint: found.Mountpoint,
  }),
  held: "volume is in use",
  // By force, data and all.
  remove: (docker, id) => docker.getVolume(id).remove({ force: true }),
});

/** The daemon answers a name that exists already with that volume, as it is: so it is adopted. */
async function create(docker: Docker, planned: Properties): Promise<string> {
  const wanted = planned as unknown as VolumeProperties;
  const options = { Labels: labelMap(wanted.labels), Driver: wanted.driver, DriverOpts: wanted.driverOpts };
  await docker.createVolume({ Name: wanted.name, ...withoutZeros(options) });
  return wanted.name;
}
