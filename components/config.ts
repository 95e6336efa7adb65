import * as pulumi from "@pulumi/pulumi";
import type { RedisBlueGreenArgs } from "./arguments.ts";
import { formatProblems, validateArguments } from "./validation/index.ts";

/** The namespace of the stack config's keys. */
const NAMESPACE = "redis-bluegreen";

/** Keys whose value is a word; all others are objects, which Pulumi hands over as JSON. */
const WORDS: ReadonlySet<string> = new Set(["platform", "live", "rehearsal"]);

/** How messages name a key of the stack config. */
export function configPath(key: string): string {
  return `${NAMESPACE}:${key}`;
}

/**
 * Reads the stack config, `stacks/Pulumi.<stack>.yaml`, and validates all of it.
 * @returns arguments for `RedisBlueGreen`, passwords as secrets
 * @throws pulumi.RunError with everything that is wrong, as a numbered list
 */
export function readConfig(): RedisBlueGreenArgs {
  const stack = pulumi.getStack();
  const raw = rawConfig(pulumi.runtime.allConfig());
  const { problems } = validateArguments(raw, { path: configPath, stack });
  if (problems.length > 0) {
    throw new pulumi.RunError(formatProblems(`The configuration of stack ${stack}`, problems));
  }
  // Validation has just shown that it has this shape.
  return withSecrets(raw as PlainArgs);
}

/**
 * The namespace's part of a stack config, with objects read from their JSON. What isn't JSON stays text, for
 * validation to refuse. All keys are taken, so that unknown ones are found, and by no `pulumi.Config`, which would
 * want secret ones to be read as outputs.
 */
export function rawConfig(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const prefix = configPath("");
  const raw: [string, unknown][] = [];
  for (const [name, value] of Object.entries(config)) {
    if (!name.startsWith(prefix)) continue;
    const key = name.slice(prefix.length);
    raw.push([key, WORDS.has(key) ? value : parse(value)]);
  }
  return Object.fromEntries(raw);
}

function parse(value: string): unknown {
  // A key without a value in YAML.
  if (value === "") return null;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** `RedisBlueGreenArgs` as it stands in config, passwords in clear. */
type PlainArgs = Omit<RedisBlueGreenArgs, "auth"> & { auth?: Record<string, string> };

function withSecrets(args: PlainArgs): RedisBlueGreenArgs {
  const { blue, green, auth, ...rest } = args;
  const wrapped: RedisBlueGreenArgs = { ...rest };
  if (blue !== undefined) wrapped.blue = withSecretPassword(blue);
  if (green !== undefined) wrapped.green = withSecretPassword(green);
  if (auth !== undefined) {
    const secret = (name: string, value: string): pulumi.Input<string> =>
      name.endsWith("Password") ? pulumi.secret(value) : value;
    wrapped.auth = Object.fromEntries(
      Object.entries(auth).map(([name, value]) => [name, secret(name, value)]),
    );
  }
  return wrapped;
}

function withSecretPassword<Args extends NonNullable<RedisBlueGreenArgs["blue"]>>(colour: Args): Args {
  if (!("password" in colour) || colour.password === undefined) return colour;
  return { ...colour, password: pulumi.secret(colour.password) };
}
