import * as pulumi from "@pulumi/pulumi";
import type { ColourSpec } from "../engine/changeRules.ts";

/**
 * The text of these functions is stored in the state of every resource and must not change with the code: no import,
 * comment, type or line break may stand in them. So they hand each call over to code that is found by name at run time.
 */
// prettier-ignore
const load = () => process.getBuiltinModule("node:module").createRequire(process.cwd() + "/")("redis-bluegreen/provider");

const provider: pulumi.dynamic.ResourceProvider = {
  check: (o, n) => load().changeGuard.check(o, n),
  diff: (i, o, n) => load().changeGuard.diff(i, o, n),
  create: (n) => load().changeGuard.create(n),
  update: (i, o, n) => load().changeGuard.update(i, o, n),
};

/** What the guard compares from one update to the next; no secrets. */
export interface ChangeGuardInputs {
  schemaVersion: 1;
  /** The deployment's name; names of its containers start with it. */
  name: string;
  live: "blue" | "green";
  blue?: ColourSpec;
  green?: ColourSpec;
  /** A bridge copies where the standby can't. */
  bridged?: boolean;
  /** Ports of this machine that a new deployment would publish, as `host:port`. */
  ports: string[];
  /** Prefix of config paths in messages. */
  pathPrefix: string;
}

/**
 * Registered before everything else: refuses an update that would restart, replace or remove the live server, or do a
 * cutover and a retirement at once, before anything is touched.
 */
export class ChangeGuard extends pulumi.dynamic.Resource {
  constructor(name: string, inputs: ChangeGuardInputs, options: pulumi.CustomResourceOptions) {
    super(provider, name, { ...inputs }, options, "redis", "ChangeGuard");
  }
}
