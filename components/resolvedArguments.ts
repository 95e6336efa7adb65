import * as pulumi from "@pulumi/pulumi";
import { mapPasswords, type Arguments, type AuthArgs, type RedisBlueGreenArgs } from "./arguments.ts";
import {
  exposureOf,
  formatProblems,
  passwordProblem,
  validateArguments,
  type Exposure,
  type PathOf,
} from "./validation/index.ts";

/** How a program's arguments are resolved. */
export interface ResolveOptions {
  /** What an error calls them, e.g. `RedisBlueGreen cache`. */
  subject: string;
  /** How messages name a key such as `green.version`. */
  path: PathOf;
  /** The stack's name, for the default directories. */
  stack: string;
}

/**
 * Validates a program's arguments and fills in the defaults. All is known at once but passwords that are outputs:
 * each of those is looked at when its value is known, and fails then.
 * @throws pulumi.RunError with everything that is wrong
 */
export function resolveArguments(
  args: RedisBlueGreenArgs,
  options: ResolveOptions,
): Arguments<pulumi.Output<string>> {
  const later = new DeferredPasswords(options);
  const { path, stack } = options;
  const validation = validateArguments(later.standInFor(args), { path, stack });
  if (validation.arguments === undefined) {
    throw new pulumi.RunError(formatProblems(options.subject, validation.problems));
  }
  later.exposure = exposureOf(validation.arguments.endpoint.host, validation.arguments);
  return mapPasswords(validation.arguments, (password) => later.outputOf(password));
}

/** Passwords whose value isn't known yet, each represented by text that validation lets pass. */
class DeferredPasswords {
  private readonly outputs = new Map<string, pulumi.Output<string>>();
  private readonly options: ResolveOptions;
  /** Known once all else is; the values that are waited for come later. */
  exposure: Exposure | undefined;

  constructor(options: ResolveOptions) {
    this.options = options;
  }

  standInFor(args: RedisBlueGreenArgs): unknown {
    return {
      ...args,
      blue: this.replaceIn("blue", args.blue, ["password"]),
      green: this.replaceIn("green", args.green, ["password"]),
      auth: this.replaceIn("auth", args.auth, PASSWORDS),
    };
  }

  outputOf(password: string): pulumi.Output<string> {
    return this.outputs.get(password) ?? pulumi.secret(password);
  }

  private replaceIn(key: string, section: unknown, names: readonly string[]): unknown {
    if (typeof section !== "object" || section === null || Array.isArray(section)) return section;
    return Object.fromEntries(
      Object.entries(section).map(([name, value]: [string, unknown]) => {
        const waits = names.includes(name) && isDeferred(value);
        return [name, waits ? this.defer(`${key}.${name}`, value) : value];
      }),
    );
  }

  private defer(key: string, input: Deferred): string {
    const standIn = `known later: ${key}`;
    // The strength of an existing server's password isn't judged: its clients use it already.
    const isOurs = key.startsWith("auth.");
    const checked = pulumi.secret(input).apply((password): string => {
      const exposed = isOurs && this.exposure !== undefined ? { exposure: this.exposure } : {};
      const problem = passwordProblem(key, password, { path: this.options.path, ...exposed });
      if (problem !== undefined) throw new pulumi.RunError(`${this.options.subject}: ${problem.message}`);
      return password;
    });
    this.outputs.set(standIn, checked);
    return standIn;
  }
}

const PASSWORDS: readonly (keyof AuthArgs)[] = [
  "applicationPassword",
  "operatorPassword",
  "replicationPassword",
];

/** What has its value later. */
type Deferred = pulumi.Output<string> | Promise<string>;

function isDeferred(value: unknown): value is Deferred {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}
