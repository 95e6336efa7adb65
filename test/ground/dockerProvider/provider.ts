import type Docker from "dockerode";
import { fillIn, validate, type Failure } from "./check.ts";
import { container } from "./container.ts";
import { plannedState, withUnknowns } from "./defaults.ts";
import { diff, topLevel, type Change } from "./diff.ts";
import { dockerClient, messageOf } from "./dockerClient.ts";
import { network } from "./network.ts";
import { defaultedNames, type Properties } from "./properties.ts";
import { refreshedInputs } from "./refreshedInputs.ts";
import { remoteImage } from "./remoteImage.ts";
import { LeftBehind, type ResourceType } from "./resourceType.ts";
import { volume } from "./volume.ts";

const types = new Map<string, ResourceType>([
  ["docker:index/container:Container", container],
  ["docker:index/network:Network", network],
  ["docker:index/volume:Volume", volume],
  ["docker:index/remoteImage:RemoteImage", remoteImage],
]);

/** Which resource a request is about. */
export interface Subject {
  urn: string;
  type: string;
  name: string;
}

/** What the engine is told of a difference. */
export interface DiffAnswer {
  changes: Change[];
  deleteBeforeReplace: boolean;
}

/** The resource exists, and is not what it should be: the engine keeps it with these reasons. */
export class InitFailed extends Error {
  readonly id: string;
  readonly properties: Properties;

  constructor(id: string, properties: Properties, reason: string) {
    super(reason);
    this.id = id;
    this.properties = properties;
  }
}

/** The provider behind the protocol: plain properties in and out. Contacts no daemon before it has to. */
export class Provider {
  #host: string | undefined;

  /** Settings of the provider that it does not cover. */
  checkConfig(config: Properties): Failure[] {
    return Object.keys(config)
      .filter((name) => name !== "host" && name !== "version" && !name.startsWith("__"))
      .map((property) => ({
        property,
        reason: "is not covered by the stand-in for the Docker plugin, only host is",
      }));
  }

  configure(config: Properties): void {
    const host = config["host"];
    if (typeof host === "string" && host !== "") this.#host = host;
  }

  check(
    subject: Subject,
    olds: Properties,
    news: Properties,
    seed: Uint8Array,
  ): { inputs: Properties; failures: Failure[] } {
    const { schema } = typeOf(subject);
    return { inputs: fillIn(schema, olds, news, subject.name, seed), failures: validate(schema, news) };
  }

  diff(subject: Subject, olds: Properties, news: Properties, ignored: string[]): DiffAnswer {
    const type = typeOf(subject);
    const changes = diff(type.schema, olds, news, ignored);
    const explicitlyNamed = "name" in news && defaultedNames(news)?.includes("name") === false;
    const first =
      type.alwaysDeleteBeforeReplace || (type.schema["name"]?.autonamed === true && explicitlyNamed);
    return { changes, deleteBeforeReplace: first && changes.some(({ replaces }) => replaces) };
  }

  async create(
    subject: Subject,
    inputs: Properties,
    preview: boolean,
  ): Promise<{ id: string; state: Properties }> {
    const type = typeOf(subject);
    const planned = plannedState(type.schema, inputs, {});
    if (preview) return { id: "", state: withUnknowns(type.schema, planned) };
    try {
      return await type.create(this.#docker(), planned);
    } catch (error) {
      const reason = `creating ${subject.urn}: ${messageOf(error)}`;
      throw error instanceof LeftBehind
        ? new InitFailed(error.id, planned, reason)
        : new Error(reason, { cause: error });
    }
  }

  async read(
    subject: Subject,
    id: string,
    state: Properties,
    inputs: Properties,
  ): Promise<{ state: Properties; inputs: Properties } | undefined> {
    const type = typeOf(subject);
    const found = await type.read(this.#docker(), id, state);
    return found && { state: found, inputs: refreshedInputs(type.schema, inputs, found) };
  }

  /** After a failure the state has the new values, as Terraform leaves it: so the next update finds nothing to do. */
  async update(
    subject: Subject,
    id: string,
    olds: Properties,
    news: Properties,
    options: { ignored: string[]; preview: boolean },
  ): Promise<Properties> {
    const type = typeOf(subject);
    const changed = new Set(diff(type.schema, olds, news, options.ignored).map(({ path }) => topLevel(path)));
    const planned = plannedState(type.schema, news, olds, options.ignored);
    if (options.preview || changed.size === 0) return planned;
    try {
      await type.update(this.#docker(), id, { olds, planned, changed });
      return planned;
    } catch (error) {
      throw new InitFailed(id, planned, `updating ${subject.urn}: ${messageOf(error)}`);
    }
  }

  async delete(subject: Subject, id: string, state: Properties): Promise<void> {
    try {
      await typeOf(subject).delete(this.#docker(), id, state);
    } catch (error) {
      throw new Error(`deleting ${subject.urn}: ${messageOf(error)}`, { cause: error });
    }
  }

  #docker(): Docker {
    return dockerClient(this.#host);
  }
}

function typeOf({ type, urn }: Subject): ResourceType {
  const found = types.get(type);
  if (found) return found;
  throw new Error(
    `${urn}: the stand-in for the Docker plugin has no ${type}, only ${[...types.keys()].join(", ")}`,
  );
}
