import type { Value } from "./properties.ts";

/** What the official provider's schema says of one property. */
export interface Field {
  kind: "string" | "number" | "boolean" | "list" | "set" | "map" | "object";
  /** What a list, set or map holds. */
  items?: Field;
  /** What an object holds. */
  fields?: Fields;
  required?: boolean;
  /** Any change, also within it, replaces the resource. */
  replaces?: boolean;
  /** Filled in by Docker where it is not given: leaving it out, or taking it out later, is no change. */
  computed?: boolean;
  /** Filled in by Docker and never an input. */
  output?: boolean;
  /** Named `<resource>-<7 hex>` where it is not given. */
  autonamed?: boolean;
  default?: Value;
  pattern?: RegExp;
  minimum?: number;
  /** "" stands for whatever is there. */
  blankKeeps?: boolean;
  /** A list whose order makes no difference as long as each element has its match. */
  anyOrder?: boolean;
}

/** The properties of a resource or of an object within it. */
export type Fields = Record<string, Field>;

type Options = Omit<Field, "kind" | "items" | "fields">;

export const text = (options: Options = {}): Field => ({ kind: "string", ...options });
export const number = (options: Options = {}): Field => ({ kind: "number", ...options });
export const flag = (options: Options = {}): Field => ({ kind: "boolean", ...options });
export const list = (items: Field, options: Options = {}): Field => ({ kind: "list", items, ...options });
export const set = (items: Field, options: Options = {}): Field => ({ kind: "set", items, ...options });
export const map = (options: Options = {}): Field => ({ kind: "map", items: text(), ...options });
export const object = (fields: Fields, options: Options = {}): Field => ({
  kind: "object",
  fields,
  ...options,
});

/** Labels, everywhere the same: a set of pairs. */
export const labels = (options: Options = {}): Field =>
  set(object({ label: text({ required: true }), value: text({ required: true }) }), options);
