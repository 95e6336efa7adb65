/** What dynamic providers load by name at run time: one entry for each resource type. */
export { changeGuard } from "./changeGuard.ts";
export { destroyLock } from "./destroyLock.ts";
export { replicationLink } from "./replicationLink.ts";
export { trafficSwitch } from "./trafficSwitch.ts";
