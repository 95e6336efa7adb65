import * as pulumi from "@pulumi/pulumi";
import type { RedisBlueGreenArgs } from "../../components/arguments.ts";
import { RedisBlueGreen } from "../../components/redisBlueGreen.ts";

/** A resource as the engine would be told of it. */
export interface Registered {
  /** Without the version of the type's token: `docker:index/container:Container`. */
  type: string;
  name: string;
  /** As sent; a secret is `{ secret: value }`. */
  inputs: Record<string, unknown>;
  options: pulumi.CustomResourceOptions;
  /** Names of the resources, type included, that `dependsOn` holds: `redis-blue RedisDeployment`. */
  dependsOn: string[];
}

/** What a program registered, and the outputs of its `RedisBlueGreen`. */
export interface Program {
  registered: Registered[];
  component: RedisBlueGreen;
  /** The only resource of a type whose name is this; @throws Error where there is none */
  find: (type: string, name: string) => Registered;
  all: (type: string) => Registered[];
}

/** Runs a program that creates one `RedisBlueGreen`, against a monitor that deploys nothing. */
export async function register(args: RedisBlueGreenArgs, name = "redis"): Promise<Program> {
  const inputs = new Map<string, Record<string, unknown>>();
  await pulumi.runtime.setMocks(
    {
      newResource: (resource) => {
        inputs.set(
          `${resource.type} ${resource.name}`,
          revealSecrets(resource.inputs) as Registered["inputs"],
        );
        return { id: `${resource.name}-id`, state: resource.inputs as Record<string, unknown> };
      },
      call: () => ({}),
    },
    "project",
    "dev",
  );
  const seen: {
    type: string;
    name: string;
    resource: pulumi.Resource;
    options: pulumi.CustomResourceOptions;
  }[] = [];
  const component = new RedisBlueGreen(name, args, {
    transformations: [
      ({ type, name: child, resource, opts }) => {
        seen.push({ type, name: child, resource, options: opts });
        return undefined;
      },
    ],
  });
  await Promise.all(seen.map(({ resource }) => known(resource.urn)));
  // Outputs of components are still on their way, and must not meet the monitor of the next program.
  await pulumi.runtime.disconnect();
  const registered = await Promise.all(
    seen.map(async ({ type, name: child, options }) => ({
      type,
      name: child,
      inputs: inputs.get(`${type} ${child}`) ?? {},
      options,
      dependsOn: await dependencies(options),
    })),
  );
  return {
    registered,
    component,
    find: (type, wanted) => {
      const found = registered.find((resource) => resource.type.endsWith(type) && resource.name === wanted);
      if (found === undefined) throw new Error(`no ${type} ${wanted}`);
      return found;
    },
    all: (type) => registered.filter((resource) => resource.type.endsWith(type)),
  };
}

/** The value of an output. */
export function known<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

async function dependencies({ dependsOn }: pulumi.ResourceOptions): Promise<string[]> {
  const resources = dependsOn === undefined ? [] : await known(pulumi.output(dependsOn as pulumi.Resource[]));
  const urns = await Promise.all([resources].flat().map(({ urn }) => known(urn)));
  return urns.map((urn) => {
    const [, , type = "", name = ""] = urn.split("::");
    return `${name} ${type.split(":").at(-1) ?? ""}`;
  });
}

/** How the SDK marks a secret on the wire. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

function revealSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value && "value" in value) return { secret: revealSecrets(value.value) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealSecrets(item)]));
}
