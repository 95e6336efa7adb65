import type { FaultName } from "../faultName.ts";
import { clockJumps } from "./clock.ts";
import { cutOff, frozen, killed } from "./containers.ts";
import { diskFull, unwritable } from "./disk.ts";
import { driverKilled, driverOrphaned, driverStopped } from "./driver.ts";
import type { Fault } from "./fault.ts";
import { linkRefused, wrongPassword } from "./logins.ts";
import { apart, apartFromDriver, networkLossy, networkSlow } from "./network.ts";

const CLOCK_SECONDS = 60;

/** What each fault does. */
export const FAULTS: Record<FaultName, Fault> = {
  "driver-killed": driverKilled,
  "driver-orphaned": driverOrphaned,
  "driver-stopped": driverStopped,
  "old-frozen": frozen("old"),
  "new-frozen": frozen("new"),
  "proxy-killed": killed("proxy", "rdb"),
  "proxy-frozen": frozen("proxy"),
  "old-cut-off": cutOff("old"),
  "new-cut-off": cutOff("new"),
  "proxy-cut-off": cutOff("proxy"),
  "old-new-apart": apart("old", "new", "resend"),
  "proxy-old-apart": apart("proxy", "old", "once"),
  "proxy-new-apart": apart("proxy", "new", "once"),
  "driver-old-apart": apartFromDriver("old"),
  "driver-new-apart": apartFromDriver("new"),
  "driver-proxy-apart": apartFromDriver("proxy"),
  "network-slow": networkSlow,
  "network-lossy": networkLossy,
  "old-password": wrongPassword("old"),
  "new-password": wrongPassword("new"),
  "link-refused": linkRefused,
  "old-unwritable": unwritable("old"),
  "new-unwritable": unwritable("new"),
  // With RDB files only, a server that is killed loses what it acknowledged since its last save.
  "old-killed": killed("old", "aof"),
  "new-killed": killed("new", "aof"),
  "old-disk-full": diskFull("old"),
  "new-disk-full": diskFull("new"),
  "old-clock-ahead": clockJumps("old", CLOCK_SECONDS),
  "old-clock-behind": clockJumps("old", -CLOCK_SECONDS),
  "new-clock-ahead": clockJumps("new", CLOCK_SECONDS),
  "new-clock-behind": clockJumps("new", -CLOCK_SECONDS),
  "bridge-killed": ofBridge(killed("bridge", "bridge")),
  "bridge-frozen": ofBridge(frozen("bridge")),
  "bridge-cut-off": ofBridge(cutOff("bridge")),
};

/** No answer to a client goes by the bridge: what is sent again must not be carried out twice. */
function ofBridge(fault: Fault): Fault {
  return { ...fault, ground: "bridge", manner: "resend" };
}
