/** The ACL user with which this project inspects, pauses, promotes and fences a server. */
export const OPERATOR_USER = "redis-bluegreen-operator";

/** The ACL user with which a replica follows its primary. */
export const REPLICATION_USER = "redis-bluegreen-replication";

/** The ACL user of the proxy's role check; switched on only on the servers of the live colour. */
export const PROXY_USER = "redis-bluegreen-proxy";

/** The ACL user of the bridge, which reads what the live colour emits and writes it to a standby that it feeds. */
export const BRIDGE_USER = "redis-bluegreen-bridge";

/** The ACL user of the platform's health check, which may only PING. */
export const HEALTH_USER = "redis-bluegreen-health";

/** All of them: whoever else may log in is the application. */
export const OWN_USERS: ReadonlySet<string> = new Set([
  OPERATOR_USER,
  REPLICATION_USER,
  PROXY_USER,
  BRIDGE_USER,
  HEALTH_USER,
]);
