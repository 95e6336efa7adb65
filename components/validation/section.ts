import { describe, describeKind, either, hasControlCharacters, quote } from "./describe.ts";
import { nearestName } from "./nearestName.ts";
import type { Finding, Problems } from "./problem.ts";

/** Bounds of a number, both included. */
export interface Range {
  min: number;
  max: number;
  /** Stands after the bounds in messages, e.g. `MiB`. */
  unit?: string;
}

/**
 * One object of the configuration. Each reader returns the value, or undefined where it is absent or refused; a
 * refusal is noted. So every value of an object is looked at, whatever is wrong with the others.
 */
export class Section {
  readonly problems: Problems;
  /** Its own key, empty for the whole configuration. */
  readonly name: string;
  private readonly values: ReadonlyMap<string, unknown>;

  private constructor(problems: Problems, name: string, values: ReadonlyMap<string, unknown>) {
    this.problems = problems;
    this.name = name;
    this.values = values;
  }

  /** Opens `value` as an object that may have the `known` keys, and notes all others. */
  static of(problems: Problems, name: string, value: unknown, known: readonly string[]): Section {
    const section = new Section(problems, name, entriesOf(value));
    if (value !== undefined && !isObject(value)) {
      problems.add(name, {
        found: describeKind(value),
        allowed: `an object with any of the keys ${either(known)}`,
        cure: "write each of its keys on a line of its own below it, or remove it",
      });
    }
    for (const key of section.values.keys()) {
      if (!known.includes(key)) section.refuse(key, unknownKey(key, known));
    }
    return section;
  }

  /** An object within this one. */
  section(key: string, known: readonly string[]): Section {
    return Section.of(this.problems, this.keyOf(key), this.raw(key), known);
  }

  /** Where a value of this object stands, e.g. `green.version`. */
  keyOf(key: string): string {
    const plain = /^[\w-]{1,80}$/.test(key);
    if (this.name === "") return plain ? key : quote(key);
    return plain ? `${this.name}.${key}` : `${this.name}[${quote(key)}]`;
  }

  /** The path of a value of this object, for messages about another one. */
  pathOf(key: string): string {
    return this.problems.path(this.keyOf(key));
  }

  /** The value as it was given. */
  raw(key: string): unknown {
    return this.values.get(key);
  }

  /** Whether the key was given at all. */
  has(key: string): boolean {
    return this.values.has(key);
  }

  /** Notes that a value of this object is refused. */
  refuse(key: string, finding: Finding): void {
    this.problems.add(this.keyOf(key), finding);
  }

  /** Text on one line, not empty. */
  text(key: string, allowed: string, cure: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "" && value.length <= 1_000 && !hasControlCharacters(value)) {
      return value;
    }
    this.refuse(key, { found: describe(value), allowed, cure });
  }

  /** A whole number within bounds. */
  integer(key: string, range: Range): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === "number" && isWithin(value, range)) return value;
    this.refuse(key, {
      found: describe(value),
      allowed: describeRange(range),
      cure:
        typeof value === "string" && isWithin(Number(value), range)
          ? "remove the quotes"
          : "set a number within these bounds, or remove it to have the default",
    });
  }

  /** One of a few names. */
  choice<Name extends string>(key: string, names: readonly Name[]): Name | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const name = names.find((candidate) => candidate === value);
    if (name !== undefined) return name;
    this.refuse(key, { found: describe(value), allowed: either(names), cure: `set one of these` });
  }

  /** True or false. */
  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === "boolean") return value;
    this.refuse(key, {
      found: describe(value),
      allowed: "true or false",
      cure: value === "true" || value === "false" ? "remove the quotes" : "set one of these",
    });
  }

  /** A password: never part of a message, not even its length. */
  password(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "" && value.length <= 1_000 && !hasControlCharacters(value)) {
      return value;
    }
    this.refuse(key, {
      found:
        typeof value === "string" && value !== ""
          ? "too long or of several lines"
          : describeKind(value || null),
      allowed: "text on one line, at most 1,000 characters",
      cure: "set it as a secret, in quotes where it is made of digits",
    });
  }
}

/** Whether a number is a whole one within bounds. */
export function isWithin(value: number, range: Range): boolean {
  return Number.isInteger(value) && value >= range.min && value <= range.max;
}

/** Bounds as messages name them. */
export function describeRange({ min, max, unit }: Range): string {
  const numbers = `a whole number from ${format(min)} to ${format(max)}`;
  return unit === undefined ? numbers : `${numbers} ${unit}`;
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}

/** Whether it has keys: neither null nor a list. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Keys whose value is undefined count as absent: programs write `green: upgrade ? {…} : undefined`. */
function entriesOf(value: unknown): Map<string, unknown> {
  if (!isObject(value)) return new Map();
  return new Map(Object.entries(value).filter(([, entry]) => entry !== undefined));
}

function unknownKey(key: string, known: readonly string[]): Finding {
  const meant = nearestName(key, known);
  return {
    found: "an unknown key",
    allowed: `one of ${known.join(", ")}`,
    cure: meant === undefined ? "remove it" : `rename it to ${meant}, or remove it`,
  };
}
