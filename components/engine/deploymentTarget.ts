import type { Address } from "./address.ts";
import type { Colour } from "./colour.ts";
import type { Login } from "./credentials.ts";

/** One server, seen from its two sides. */
export interface ServerTarget {
  /** As the process that runs Pulumi reaches it. */
  operator: Address;
  /** As the other servers and the proxy reach it. */
  peer: Address;
}

/** What the engine knows of one colour: where its servers are and what was asked for. Holds no secret but `login`. */
export interface DeploymentTarget {
  colour: Colour;
  /** `redis` or `valkey`; an existing server's is found out when it is asked. */
  product: "redis" | "valkey";
  /** As configured, e.g. `7.0`; absent for an existing server. */
  version?: string;
  primary: ServerTarget;
  /** The colour's own replicas, which follow its primary through every role change. */
  replicas: ServerTarget[];
  /** An existing server that this project did not create: never restarted, never deleted. */
  external: boolean;
  /**
   * How the other servers must log in to an existing server and how the operator does; absent: the
   * deployment-wide credentials. Secret.
   */
  login?: Login;
  /**
   * The address under which this existing server reaches the other colour's published ports; absent for
   * deployments, whose servers reach each other by `peer`.
   */
  reachesOthersAt?: string;
}
