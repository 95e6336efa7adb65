import type Docker from "dockerode";
import type { Properties } from "./properties.ts";
import type { Fields } from "./schema.ts";

/** What a resource has become. */
export interface Created {
  id: string;
  state: Properties;
}

/** An update, as the provider found it by its own diff. */
export interface Update {
  olds: Properties;
  /** The whole state that the update leads to. */
  planned: Properties;
  /** Names of the properties that differ. */
  changed: Set<string>;
}

/** One kind of resource, driven by its schema. */
export interface ResourceType {
  schema: Fields;
  /** Where it says so, a replacement always deletes first; else only an explicit name makes it so. */
  alwaysDeleteBeforeReplace: boolean;
  /** @throws {@link LeftBehind} where it exists but did not become what it should be */
  create(docker: Docker, planned: Properties): Promise<Created>;
  /** The state as it is now, or undefined where it is gone. `state` is empty on an import. */
  read(docker: Docker, id: string, state: Properties): Promise<Properties | undefined>;
  update(docker: Docker, id: string, update: Update): Promise<void>;
  delete(docker: Docker, id: string, state: Properties): Promise<void>;
}

/** A resource was created and then something failed: it stays, and the engine is told so. */
export class LeftBehind extends Error {
  readonly id: string;

  constructor(id: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.id = id;
  }
}
