import { rdbVersionOf } from "../../compatibility/matrix.ts";
import { atLeast, type ServerVersion } from "../../serverVersion.ts";

/** What a target understands of what newer servers emit; see docs/decisions/bridge.md for where each was measured. */
export interface Abilities {
  /** `SET … PXAT`, `LPOP k n`, `ZADD GT`, `XADD MINID`, `FLUSHDB SYNC`, `XGROUP CREATECONSUMER`. */
  since62: boolean;
  /** ENTRIESREAD, ENTRIESADDED, functions, XCLAIM that removes deleted entries. */
  since70: boolean;
  /** Fields of hashes can expire. */
  fieldExpiry: boolean;
  /** HSETEX. */
  hsetex: boolean;
  /** HGETDEL. */
  hgetdel: boolean;
  /** KEEPREF, DELREF and ACKED of stream commands, BITOP DIFF. */
  since82: boolean;
  /** IDMP of XADD. */
  since86: boolean;
  /** Reads payloads of RESTORE and FUNCTION RESTORE that the source made. */
  payloads: boolean;
}

/** What `target` understands of a stream that `source` emits. */
export function abilitiesOf(source: ServerVersion, target: ServerVersion): Abilities {
  const { version } = target;
  const redis = (floor: string): boolean => target.product === "redis" && atLeast(version, floor);
  const valkey = (floor: string): boolean => target.product === "valkey" && atLeast(version, floor);
  const [written, read] = [rdbVersionOf(source), rdbVersionOf(target)];
  const sameFormat = source.product === target.product || (written ?? Infinity) <= LAST_SHARED_RDB;
  return {
    since62: atLeast(version, "6.2"),
    since70: atLeast(version, "7.0"),
    fieldExpiry: redis("7.4") || valkey("9.0"),
    hsetex: redis("8.0") || valkey("9.0"),
    hgetdel: redis("8.0") || valkey("9.1"),
    since82: redis("8.2"),
    since86: redis("8.6"),
    payloads: written !== undefined && read !== undefined && sameFormat && written <= read,
  };
}

/** The last RDB version that Redis and Valkey share. */
const LAST_SHARED_RDB = 11;
