import type Docker from "dockerode";
import { labelList, labelMap } from "./labels.ts";
import { isObject, withoutZeros } from "./properties.ts";
import { replacedOnly } from "./replacedOnly.ts";
import { flag, labels, map, object, set, text } from "./schema.ts";

const replaces = true;
const computed = true;

interface NetworkProperties {
  name: string;
  labels?: { label: string; value: string }[];
  driver?: string;
  options?: Record<string, string>;
  internal?: boolean;
  attachable?: boolean;
  ingress?: boolean;
  ipv6?: boolean;
  ipamDriver?: string;
  ipamOptions?: Record<string, string>;
  ipamConfigs?: {
    subnet?: string;
    gateway?: string;
    ipRange?: string;
    auxAddress?: Record<string, string>;
  }[];
}

/** `docker:index/network:Network`: any change replaces it. */
export const network = replacedOnly({
  name: "network",
  schema: {
    name: text({ required: true, autonamed: true, replaces }),
    labels: labels({ replaces }),
    driver: text({ computed, replaces }),
    options: map({ computed, replaces }),
    internal: flag({ computed, replaces }),
    attachable: flag({ replaces }),
    ingress: flag({ replaces }),
    ipv6: flag({ replaces }),
    ipamDriver: text({ default: "default", replaces }),
    ipamOptions: map({ replaces }),
    ipamConfigs: set(object({ subnet: text(), gateway: text(), ipRange: text(), auxAddress: map() }), {
      computed,
      replaces,
    }),
    scope: text({ output: true }),
  },
  create: async (docker, planned) =>
    (await docker.createNetwork(createOptions(planned as unknown as NetworkProperties))).id,
  inspect: (docker, id): Promise<Docker.NetworkInspectInfo> => docker.getNetwork(id).inspect(),
  stateOf,
  held: "has active endpoints",
  remove: (docker, id) => docker.getNetwork(id).remove(),
});

function createOptions(wanted: NetworkProperties): Docker.NetworkCreateOptions {
  const ipam = {
    Driver: wanted.ipamDriver,
    Options: wanted.ipamOptions,
    Config: wanted.ipamConfigs?.map(({ subnet, gateway, ipRange, auxAddress }) =>
      withoutZeros({ Subnet: subnet, Gateway: gateway, IPRange: ipRange, AuxiliaryAddresses: auxAddress }),
    ),
  };
  const options = {
    Driver: wanted.driver,
    Labels: labelMap(wanted.labels),
    Options: wanted.options,
    Internal: wanted.internal,
    Attachable: wanted.attachable,
    Ingress: wanted.ingress,
    EnableIPv6: wanted.ipv6,
    IPAM: withoutZeros(ipam),
  };
  return { Name: wanted.name, ...withoutZeros(options) };
}

function stateOf(found: Docker.NetworkInspectInfo): object {
  const configs = (found.IPAM?.Config ?? []).map((config) => {
    const { Subnet, Gateway, IPRange, AuxiliaryAddresses } = config as Record<string, unknown>;
    return withoutZeros({
      subnet: Subnet,
      gateway: Gateway,
      ipRange: IPRange,
      auxAddress: AuxiliaryAddresses,
    });
  });
  return {
    name: found.Name,
    labels: labelList(found.Labels),
    driver: found.Driver,
    options: found.Options ?? {},
    internal: found.Internal,
    attachable: found.Attachable,
    ingress: found.Ingress,
    ipv6: found.EnableIPv6,
    ipamDriver: found.IPAM?.Driver,
    ipamOptions: isObject(found.IPAM?.Options) ? found.IPAM.Options : {},
    ipamConfigs: configs,
    scope: found.Scope,
  };
}
