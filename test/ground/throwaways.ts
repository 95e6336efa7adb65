import Docker from "dockerode";
import { freePorts } from "../support/stackPorts.ts";
import type { Properties } from "./dockerProvider/properties.ts";
import { PluginResource } from "./pluginResource.ts";
import type { Plugin } from "./plugin.ts";

/** The real daemon, asked behind the plugin's back. */
export const docker = new Docker();

/** Tests' containers, networks and volumes start with this. */
export const prefix = "rbg-ground-";

/** What a test made; {@link Throwaways.remove} takes it away again, whatever became of it. */
export class Throwaways {
  readonly #resources: PluginResource[] = [];
  readonly #names: string[] = [];
  #count = 0;

  /** A name nobody else has. */
  name(): string {
    const name = `${prefix}${process.pid}-${this.#count++}`;
    this.#names.push(name);
    return name;
  }

  container(plugin: Plugin): PluginResource {
    return this.#resource(plugin, "docker:index/container:Container");
  }

  network(plugin: Plugin): PluginResource {
    return this.#resource(plugin, "docker:index/network:Network");
  }

  volume(plugin: Plugin): PluginResource {
    return this.#resource(plugin, "docker:index/volume:Volume");
  }

  async remove(): Promise<void> {
    const ids = [...this.#names, ...this.#resources.map(({ id }) => id)].filter((id) => id !== "");
    await Promise.allSettled(ids.map((id) => docker.getContainer(id).remove({ force: true, v: true })));
    await Promise.allSettled(ids.map((id) => docker.getNetwork(id).remove()));
    await Promise.allSettled(ids.map((id) => docker.getVolume(id).remove({ force: true })));
  }

  #resource(plugin: Plugin, type: string): PluginResource {
    const resource = new PluginResource(plugin, type, `${prefix}${process.pid}`);
    this.#resources.push(resource);
    return resource;
  }
}

/** A container that does nothing for as long as it is left alone, and dies at once when told to. */
export function idle(name: string, more: Properties = {}): Properties {
  return { name, image: "redis:7.0", command: ["redis-server", "--appendonly", "no"], ...more };
}

/** A port on the loopback interface that was free a moment ago, and that no outgoing connection is given. */
export async function freePort(): Promise<number> {
  return (await freePorts(`${prefix}${process.pid}`)).write;
}
