import { advertisedAddress } from "../advertisedAddress.ts";
import { defaults, type Arguments, type AuthArguments, type ColourArguments } from "../arguments.ts";
import { isLoopback } from "../engine/address.ts";
import { COLOURS, otherColour, type Colour } from "../engine/colour.ts";
import { quote } from "./describe.ts";
import { Problems, type PathOf, type Problem } from "./problem.ts";
import { Section } from "./section.ts";

const PASSWORDS = ["applicationPassword", "operatorPassword", "replicationPassword"] as const;

/** The keys of `auth`. */
export const AUTH_KEYS: readonly string[] = ["applicationUser", ...PASSWORDS];

const LENGTH = 16;
const KINDS = 6;
const STRONG = `at least ${LENGTH} characters of at least ${KINDS} kinds`;
/** Our own users begin so; an application user of that name would take their rights. */
const RESERVED = "redis-bluegreen-";

/** Reads users and passwords; their strength is `checkPasswords`' matter. */
export function readAuth(section: Section): AuthArguments {
  const args: AuthArguments = { applicationUser: readUser(section) };
  for (const name of PASSWORDS) {
    const password = section.password(name);
    if (password !== undefined) args[name] = password;
  }
  return args;
}

function readUser(section: Section): string {
  const allowed = "a user name of letters, digits and . _ @ : -, at most 128 of them";
  const cure = "choose another name, or remove it to have the user default";
  const user = section.text("applicationUser", allowed, cure);
  if (user === undefined) return defaults.applicationUser;
  if (user.toLowerCase().startsWith(RESERVED)) {
    const found = `${quote(user)}, a name of this project's own users`;
    section.refuse("applicationUser", { found, allowed: `a name that doesn't begin with ${RESERVED}`, cure });
  } else if (!/^[\w.@:-]{1,128}$/.test(user)) {
    section.refuse("applicationUser", { found: quote(user), allowed, cure });
  }
  return user;
}

/** Notes passwords that are missing or weak where others than this machine can reach the endpoint. */
export function checkPasswords(
  problems: Problems,
  args: Pick<Arguments, "auth" | "endpoint">,
  colours: Partial<Record<Colour, ColourArguments>>,
): void {
  const exposed = exposureOf(args.endpoint.host, colours);
  if (exposed === undefined) return;
  const where = `where ${problems.path(exposed.key)} (${exposed.host}) is not on loopback`;
  const orLoopback = `or ${exposed.instead(problems.path(exposed.key))}`;
  for (const name of PASSWORDS) {
    // One that was given and refused as no text has its own sentence already.
    const isRefused = problems.list.some(({ path }) => path === problems.path(`auth.${name}`));
    const found = isRefused ? undefined : weakness(args.auth[name]);
    if (found === undefined) continue;
    const cure = `set a long random one as a secret, ${orLoopback}`;
    problems.add(`auth.${name}`, { found, allowed: `${STRONG} ${where}`, cure });
  }
  for (const colour of COLOURS) {
    const server = colours[colour];
    // Its strength is not ours to refuse: the server was there before, with clients that use the password.
    if (server?.external !== true || server.password !== undefined) continue;
    problems.add(`${colour}.password`, {
      found: "missing",
      allowed: `given ${where}`,
      cure: `set the password of the existing server's user as a secret, ${orLoopback}`,
    });
  }
}

/** What lets others than this machine reach a server, so that passwords must be strong. */
export interface Exposure {
  /** Where that is set. */
  key: string;
  host: string;
  /** How not to, given the key's path. */
  instead: (path: string) => string;
}

/** Whether others reach a server; undefined where nobody does. */
export function exposureOf(
  host: string,
  colours: Partial<Record<Colour, ColourArguments<unknown>>>,
): Exposure | undefined {
  const toLoopback = (path: string): string => `set ${path} to ${defaults.endpoint.host}`;
  if (!isLoopback(host)) return { key: "endpoint.host", host, instead: toLoopback };
  for (const colour of COLOURS) {
    const advertised = advertisedAddress(colours[colour]);
    if (advertised === undefined || colours[otherColour(colour)]?.external !== false) continue;
    return { key: `${colour}.advertiseHost`, host: advertised, instead: (path) => `remove ${path}` };
  }
  return undefined;
}

/**
 * What is wrong with one password that became known later than the rest.
 * @param options.exposure absent: it may be weak
 */
export function passwordProblem(
  key: string,
  value: unknown,
  options: { path: PathOf; exposure?: Exposure },
): Problem | undefined {
  const problems = new Problems(options.path);
  const [section, name] = key.split(".") as [string, string];
  const password = Section.of(problems, section, { [name]: value ?? null }, [name]).password(name);
  const { exposure } = options;
  const found = password === undefined || exposure === undefined ? undefined : weakness(password);
  if (found !== undefined && exposure !== undefined) {
    const path = problems.path(exposure.key);
    problems.add(key, {
      found,
      allowed: `${STRONG} where ${path} is not on loopback`,
      cure: `set a long random one, or ${exposure.instead(path)}`,
    });
  }
  return problems.list[0];
}

/** What is wrong with a password, without any part of it; undefined for a strong one. */
function weakness(password: string | undefined): string | undefined {
  if (password === undefined) return "missing";
  if (Array.from(password).length < LENGTH) return `a password of less than ${LENGTH} characters`;
  if (new Set(password).size < KINDS) return `a password of less than ${KINDS} kinds of characters`;
  return undefined;
}
