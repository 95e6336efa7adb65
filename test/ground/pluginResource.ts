import type { Properties } from "./dockerProvider/properties.ts";
import { InitError, type Difference, type Plugin } from "./plugin.ts";

/** What an update did to a resource. */
export type Action = "create" | "update" | "replace" | "same";

/** One resource of a stack, taken through updates and refreshes in the order in which the engine calls the plugin. */
export class PluginResource {
  readonly urn: string;
  readonly #plugin: Plugin;
  id = "";
  inputs: Properties = {};
  state: Properties = {};
  /** Why it did not come up; the next update then updates it, whatever the difference. */
  initErrors: string[] = [];

  /** @param type e.g. `docker:index/container:Container` */
  constructor(plugin: Plugin, type: string, name: string) {
    this.#plugin = plugin;
    this.urn = `urn:pulumi:ground::redis-bluegreen::${type}::${name}`;
  }

  /** What `pulumi preview` would find. */
  async preview(program: Properties, ignoreChanges: string[] = []): Promise<Difference> {
    const inputs = await this.#check(this.inputs, program, ignoreChanges);
    return this.#plugin.diff(this.urn, this.id, this.state, inputs, ignoreChanges);
  }

  /** @throws {@link InitError} where it exists but did not come up; it then stays, with that state */
  async up(program: Properties, ignoreChanges: string[] = []): Promise<Action> {
    if (this.id === "") return this.#create(await this.#check({}, program, []), "create");
    const inputs = await this.#check(this.inputs, program, ignoreChanges);
    const difference = await this.#plugin.diff(this.urn, this.id, this.state, inputs, ignoreChanges);
    if (difference.replaces.length > 0) return this.#replace(program, difference);
    if (!difference.changes && this.initErrors.length === 0) {
      this.inputs = inputs;
      return "same";
    }
    const update = this.#plugin.update(this.urn, this.id, this.state, inputs, { ignoreChanges });
    const state = await this.#kept(
      update.then((properties) => ({ id: this.id, state: properties })),
      inputs,
    );
    Object.assign(this, { ...state, inputs, initErrors: [] });
    return "update";
  }

  /** Whether it is still there. */
  async refresh(): Promise<boolean> {
    const found = await this.#plugin.read(this.urn, this.id, this.state, this.inputs);
    Object.assign(this, found ?? { id: "", state: {}, inputs: {} });
    return found !== undefined;
  }

  async destroy(): Promise<void> {
    if (this.id === "") return;
    await this.#plugin.delete(this.urn, this.id, this.state);
    this.id = "";
  }

  async #replace(program: Properties, { deleteBeforeReplace }: Difference): Promise<Action> {
    // The engine checks again, without old inputs, so that an automatic name is a new one.
    const inputs = await this.#check({}, program, []);
    const old = { id: this.id, state: this.state };
    if (deleteBeforeReplace) await this.destroy();
    await this.#create(inputs, "replace");
    if (!deleteBeforeReplace) await this.#plugin.delete(this.urn, old.id, old.state);
    return "replace";
  }

  async #create(inputs: Properties, action: Action): Promise<Action> {
    const created = await this.#kept(this.#plugin.create(this.urn, inputs), inputs);
    Object.assign(this, { ...created, inputs, initErrors: [] });
    return action;
  }

  async #kept<T>(step: Promise<T>, inputs: Properties): Promise<T> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof InitError)
        Object.assign(this, { id: error.id, state: error.state, inputs, initErrors: error.reasons });
      throw error;
    }
  }

  async #check(olds: Properties, program: Properties, ignoreChanges: string[]): Promise<Properties> {
    const kept = ignoreChanges.flatMap((name) =>
      olds[name] === undefined ? [] : [[name, olds[name]] as const],
    );
    const news = { ...program, ...Object.fromEntries(kept) };
    const { inputs, failures } = await this.#plugin.check(this.urn, olds, news);
    if (failures.length > 0) throw new Error(failures.join("; "));
    return inputs;
  }
}
