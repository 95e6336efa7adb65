/** The keys of a deployment that this project creates. */
export const DEPLOYMENT_KEYS: readonly string[] = [
  "version",
  "product",
  "image",
  "replicas",
  "memory",
  "persistence",
  "redis",
  "operatorPort",
];

/** Keys that either kind of colour can have. */
export const COMMON_KEYS: readonly string[] = ["reseed"];

/** The keys of a server that exists already. */
export const EXISTING_SERVER_KEYS: readonly string[] = [
  "address",
  "password",
  "peerAddress",
  "advertiseHost",
];
