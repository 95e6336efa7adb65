import { RedisBlueGreen } from "../components/index.ts";
import { readConfig } from "../components/config.ts";

const redis = new RedisBlueGreen("redis", readConfig());

/** `host:port` for writes and reads. */
export const writeEndpoint = redis.writeEndpoint;
/** `host:port` for reads. */
export const readEndpoint = redis.readEndpoint;
/** The colour that serves clients. */
export const live = redis.live;
/** What a rollback would be, with the reason. */
export const rollback = redis.rollback;
/** The report of the last update. */
export const report = redis.report;
