/** The ACL user with which this project inspects, pauses, promotes and fences a server. */
export const OPERATOR_USER = "redis-bluegreen-operator";

/** The ACL user with which a replica follows its primary. */
export const REPLICATION_USER = "redis-bluegreen-replication";

/** The ACL user of the proxy's role check; switched on only on the servers of the live colour. */
export const PROXY_USER = "redis-bluegreen-proxy";

/** The ACL user of the bridge, on both servers; it may write only to the one that is fed. */
export const BRIDGE_USER = "redis-bluegreen-bridge";

/** The ACL user of the platform's health check, which may only PING. */
export const HEALTH_USER = "redis-bluegreen-health";
