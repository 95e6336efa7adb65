import { atLeast, type ServerVersion } from "../../components/engine/serverVersion.ts";
import type { Command } from "./bridgeScene.ts";

const LATER = Date.UTC(2100, 0, 1);
const library =
  "#!lua name=lib\nredis.register_function('f',function(k,a) return redis.call('SET',k[1],a[1]) end)";

/** Commands that each leave something behind under keys of their own; all forms of the measured tables that last. */
export function formsFor({ product, version }: ServerVersion): Command[][] {
  const redis = (floor: string): boolean => product === "redis" && atLeast(version, floor);
  const valkey = (floor: string): boolean => product === "valkey" && atLeast(version, floor);
  return [
    ...STRINGS,
    ...COLLECTIONS,
    ...STREAMS,
    ...WHOLE,
    ...(redis("7.4") || valkey("9.0") ? FIELD_EXPIRY : []),
    ...(redis("8.0") || valkey("9.0") ? HSETEX : []),
    ...(redis("8.0")
      ? [
          [
            ["HSET", "hgd", "f", "1", "g", "2"],
            ["HGETDEL", "hgd", "FIELDS", 1, "f"],
          ] as Command[],
        ]
      : []),
    ...(redis("8.0") ? [[["VADD", "vec", "VALUES", 3, 1, 2, 3, "el"]] as Command[]] : []),
    ...(redis("8.4") ? SINCE_84 : []),
    ...(valkey("8.1")
      ? [
          [
            ["SET", "ifeq", "v"],
            ["SET", "ifeq", "w", "IFEQ", "v"],
          ] as Command[],
        ]
      : []),
  ];
}

const STRINGS: Command[][] = [
  [["SET", "ex", "v", "EX", 900]],
  [["SET", "px", "v", "PX", 900_000]],
  [["SETEX", "setex", 900, "v"]],
  [["PSETEX", "psetex", 900_000, "v"]],
  [["SET", "exat", "v", "EXAT", LATER / 1_000]],
  [
    ["SET", "keep", "v", "EX", 900],
    ["SET", "keep", "w", "XX", "KEEPTTL"],
  ],
  [
    ["SET", "nx", "v", "NX"],
    ["SET", "nx", "w", "NX"],
  ],
  [
    ["SET", "xxget", "v"],
    ["SET", "xxget", "w", "XX", "GET"],
  ],
  [["SET", "nxex", "v", "NX", "EX", 900]],
  [
    ["SET", "expire", "v"],
    ["EXPIRE", "expire", 900],
    ["EXPIRE", "expire", 1_000],
  ],
  [
    ["SET", "expirenx", "v"],
    ["EXPIRE", "expirenx", 900, "NX"],
  ],
  [
    ["SET", "gt", "v", "EX", 100],
    ["PEXPIREAT", "gt", LATER, "GT"],
  ],
  [
    ["SET", "past", "v"],
    ["EXPIRE", "past", -1],
  ],
  [
    ["SET", "getex", "v"],
    ["GETEX", "getex", "EX", 900],
  ],
  [
    ["SET", "getpersist", "v", "EX", 900],
    ["GETEX", "getpersist", "PERSIST"],
  ],
  [
    ["SET", "getdel", "v"],
    ["GETDEL", "getdel"],
  ],
  [
    ["SET", "getset", "v"],
    ["GETSET", "getset", "w"],
  ],
  [
    ["INCRBYFLOAT", "float", 2.5],
    ["EXPIRE", "float", 900],
    ["INCRBYFLOAT", "float", 2.5],
  ],
  [
    ["APPEND", "append", "abc"],
    ["SETRANGE", "append", 1, "zz"],
  ],
  [
    ["SET", "copyfrom", "v"],
    ["COPY", "copyfrom", "copyto"],
    ["COPY", "copyfrom", "copyto", "DB", 1],
  ],
  [
    ["SET", "tomove", "v"],
    ["MOVE", "tomove", 2],
  ],
  [
    ["SET", "torename", "v", "EX", 900],
    ["RENAME", "torename", "renamed"],
  ],
  [
    ["SET", "unlinked", "v"],
    ["UNLINK", "unlinked"],
  ],
  [
    ["SET", "persist", "v", "EX", 900],
    ["PERSIST", "persist"],
  ],
  [
    ["MSET", "m1", "a", "m2", "b"],
    ["INCR", "n1"],
    ["DECRBY", "n1", 7],
  ],
  [
    ["SETBIT", "bit", 7, 1],
    ["BITOP", "NOT", "bitnot", "bit"],
    ["BITFIELD", "field", "SET", "u8", 0, 255],
  ],
  [
    ["PFADD", "hl", "a", "b"],
    ["PFMERGE", "hlm", "hl"],
    ["PFCOUNT", "hlm"],
  ],
  [
    ["SET", "todump", "v"],
    ["EVAL", "return redis.call('RESTORE','restored',900000,redis.call('DUMP','todump'))", 0],
  ],
];

const COLLECTIONS: Command[][] = [
  [
    ["RPUSH", "l", 1, 2, 3, 4, 5, 6, 7, 8],
    ["LMOVE", "l", "lm", "LEFT", "RIGHT"],
    ["LMOVE", "l", "lm", "RIGHT", "LEFT"],
  ],
  [
    ["LMOVE", "l", "lm", "LEFT", "LEFT"],
    ["RPOPLPUSH", "l", "lm"],
    ["BLMOVE", "l", "lm", "RIGHT", "RIGHT", 1],
  ],
  [
    ["RPUSH", "lp", 1, 2, 3, 4, 5, 6, 7],
    ["LPOP", "lp", 2],
    ["RPOP", "lp", 2],
    ["BLPOP", "lp", 1],
  ],
  [
    ["RPUSH", "lmp", 1, 2, 3],
    ["LMPOP", 1, "lmp", "LEFT", "COUNT", 2],
  ],
  [
    ["RPUSH", "lall", 1, 2],
    ["LPOP", "lall", 5],
  ],
  [
    ["RPUSH", "lset", 1, 2, 3],
    ["LSET", "lset", 1, "x"],
    ["LINSERT", "lset", "BEFORE", "x", "y"],
    ["LREM", "lset", 1, "1"],
  ],
  [
    ["RPUSH", "tosort", 3, 1, 2],
    ["SORT", "tosort", "STORE", "sorted"],
  ],
  [
    ["SADD", "s", 1, 2, 3, 4, 5, 6],
    ["SPOP", "s"],
    ["SPOP", "s", 2],
    ["SMOVE", "s", "s2", 1],
    ["SUNIONSTORE", "s3", "s", "s2"],
  ],
  [
    ["ZADD", "z", 1, "a", 2, "b", 3, "c"],
    ["ZADD", "z", "GT", 5, "a"],
    ["ZADD", "z", "GT", 1, "b"],
    ["ZADD", "z", "LT", 0.1, "c"],
  ],
  [
    ["ZADD", "z", "XX", "GT", 9, "nobody"],
    ["ZADD", "z", "LT", "-inf", "d"],
    ["ZADD", "z", "GT", "CH", "inf", "d", 0, "e"],
  ],
  [
    ["ZADD", "z", "GT", "INCR", 3, "a"],
    ["ZADD", "z", "INCR", 2, "b"],
    ["ZINCRBY", "z", 1.5, "c"],
  ],
  [
    ["ZADD", "zp", 1, "a", 2, "b", 3, "c", 4, "d"],
    ["ZMPOP", 1, "zp", "MIN"],
    ["ZPOPMAX", "zp"],
    ["BZPOPMIN", "zp", 1],
  ],
  [
    ["ZRANGESTORE", "zr", "z", 0, 1],
    ["ZUNIONSTORE", "zu", 2, "z", "zp"],
    ["ZDIFFSTORE", "zd", 2, "z", "zp"],
  ],
  [
    ["GEOADD", "geo", 13.361, 38.115, "P", 15.087, 37.502, "C"],
    ["GEOADD", "geo", "CH", 13.4, 38.2, "P"],
  ],
  [["GEOSEARCHSTORE", "geos", "geo", "FROMLONLAT", 13, 38, "BYRADIUS", 500, "km"]],
  [["GEORADIUS", "geo", 13, 38, 500, "km", "STORE", "geor"]],
  // From a key that is not there: the destination goes, which servers before 7.0 don't do.
  [
    ["GEOADD", "geon", 13.361, 38.115, "P"],
    ["GEORADIUS", "nowhere", 13, 38, 500, "km", "STORE", "geon"],
  ],
  [
    ["GEOADD", "geom", 13.361, 38.115, "P"],
    ["GEORADIUSBYMEMBER", "nowhere", "P", 500, "km", "STOREDIST", "geom"],
  ],
  [
    ["HSET", "h", "f", 1, "g", 2],
    ["HINCRBYFLOAT", "h", "f", 1.5],
    ["HINCRBY", "h", "g", 2],
    ["HSETNX", "h", "i", 3],
    ["HDEL", "h", "g"],
  ],
];

const STREAMS: Command[][] = [
  [
    ["XADD", "x", "1-1", "a", "b"],
    ["XADD", "x", "2-1", "a", "b"],
    ["XADD", "x", "MINID", "2", "3-1", "a", "b"],
  ],
  [
    ["XADD", "x", "MAXLEN", "~", 100, "*", "a", "b"],
    ["XADD", "x", "NOMKSTREAM", "*", "c", "d"],
    ["XADD", "none", "NOMKSTREAM", "*", "c", "d"],
  ],
  [
    ["XADD", "xt", "1-1", "a", "b"],
    ["XADD", "xt", "2-1", "a", "b"],
    ["XTRIM", "xt", "MINID", 2],
    ["XDEL", "xt", "2-1"],
  ],
  [
    ["XADD", "xs", "1-1", "a", "b"],
    ["XSETID", "xs", "9-9"],
  ],
  [
    ["XADD", "xf", "1-1", "a", "b"],
    ["XSETID", "xf", "9-9", "ENTRIESADDED", 5, "MAXDELETEDID", "3-3"],
  ],
  [
    ["XADD", "xg", "1-1", "a", "b"],
    ["XADD", "xg", "2-1", "a", "b"],
    ["XADD", "xg", "3-1", "a", "b"],
    ["XADD", "xg", "4-1", "a", "b"],
  ],
  [
    ["XGROUP", "CREATE", "xg", "g", "0", "ENTRIESREAD", 0],
    ["XGROUP", "CREATE", "xg", "idle", "$"],
    ["XGROUP", "CREATECONSUMER", "xg", "g", "c0"],
  ],
  [
    ["XREADGROUP", "GROUP", "g", "c1", "COUNT", 2, "STREAMS", "xg", ">"],
    ["XACK", "xg", "g", "1-1"],
  ],
  [
    ["XREADGROUP", "GROUP", "g", "c1", "COUNT", 1, "NOACK", "STREAMS", "xg", ">"],
    ["XREADGROUP", "GROUP", "g", "c2", "COUNT", 1, "STREAMS", "xg", ">"],
  ],
  [
    ["XCLAIM", "xg", "g", "c3", 0, "2-1"],
    ["XDEL", "xg", "4-1"],
    ["XAUTOCLAIM", "xg", "g", "c4", 0, "0"],
  ],
  [
    ["XGROUP", "SETID", "xg", "idle", "2-1"],
    ["XGROUP", "DELCONSUMER", "xg", "g", "c0"],
  ],
  // Pending entries that are not there any more, before, between and behind those that are.
  [
    ...[1, 2, 3, 10, 11].map((ms) => ["XADD", "xgone", `${ms}-1`, "a", "b"]),
    ["XGROUP", "CREATE", "xgone", "g", "0"],
    ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "xgone", ">"],
    ["XDEL", "xgone", "3-1", "11-1"],
    ["XTRIM", "xgone", "MAXLEN", 2],
    ["XACK", "xgone", "g", "10-1"],
  ],
];

const WHOLE: Command[][] = [
  [
    [
      "EVAL",
      "redis.call('SET',KEYS[1],'v') redis.call('EXPIRE',KEYS[1],900) return redis.call('INCR',KEYS[2])",
      2,
      "script",
      "counter",
    ],
  ],
  [
    ["FUNCTION", "LOAD", library],
    ["FCALL", "f", 1, "called", "v"],
  ],
  [
    ["PUBLISH", "ch", "m"],
    ["SPUBLISH", "ch", "m"],
  ],
  [
    ["SELECT", 3],
    ["SET", "in3", "v"],
    ["SELECT", 4],
    ["SET", "in4", "v"],
    ["SWAPDB", 3, 4],
  ],
  [
    ["SELECT", 5],
    ["SET", "in5", "v"],
    ["FLUSHDB", "SYNC"],
    ["SET", "again", "v"],
    ["SELECT", 0],
  ],
  [
    ["SELECT", 15],
    ["SET", "in15", "v"],
    ["FLUSHDB"],
    ["SET", "again", "v"],
    ["SWAPDB", 15, 6],
    ["SELECT", 0],
  ],
  [
    ["MULTI"],
    ["SET", "t1", 1],
    ["SELECT", 7],
    ["INCR", "t2"],
    ["SELECT", 0],
    ["SET", "t3", 1, "EX", 900],
    ["EXEC"],
  ],
];

const FIELD_EXPIRY: Command[][] = [
  [
    ["HSET", "hx", "f", 1, "g", 2],
    ["HEXPIRE", "hx", 900, "FIELDS", 1, "f"],
  ],
  [
    ["HSET", "hp", "f", 1],
    ["HPEXPIREAT", "hp", LATER, "FIELDS", 1, "f"],
    ["HPERSIST", "hp", "FIELDS", 1, "f"],
    ["DEL", "hp"],
  ],
  [
    ["HSET", "hpast", "f", 1, "g", 2],
    ["HEXPIRE", "hpast", 0, "FIELDS", 1, "f"],
  ],
];

const HSETEX: Command[][] = [
  [["HSETEX", "hsx", "EX", 900, "FIELDS", 2, "f", "v", "g", "w"]],
  [["HSETEX", "hsf", "FNX", "PX", 900_000, "FIELDS", 1, "f", "v"]],
];

const SINCE_84: Command[][] = [
  [
    ["SET", "ifeq", "v"],
    ["SET", "ifeq", "w", "IFEQ", "v", "EX", 900],
  ],
  [
    ["SET", "delex", "v"],
    ["DELEX", "delex", "IFEQ", "v"],
    ["SET", "delex2", "v"],
    ["DELEX", "delex2"],
  ],
  [
    ["MSETEX", 2, "mx1", "a", "mx2", "b", "EX", 900],
    ["MSETEX", 1, "mx3", "c"],
  ],
  [
    ["XADD", "xk", "KEEPREF", "MAXLEN", 5, "1-1", "a", "b"],
    ["XADD", "xk", "2-1", "a", "b"],
    ["XDELEX", "xk", "DELREF", "IDS", 1, "1-1"],
  ],
  [["XADD", "xi", "IDMP", "p", "i", "*", "a", "b"]],
  [
    ["XGROUP", "CREATE", "xk", "g", "0"],
    ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "xk", ">"],
    ["XACKDEL", "xk", "g", "IDS", 1, "2-1"],
  ],
  // The second is delivered to nobody, and stays.
  [
    ["XADD", "xad", "1-1", "a", "b"],
    ["XADD", "xad", "2-1", "a", "b"],
    ["XGROUP", "CREATE", "xad", "g", "0"],
    ["XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "xad", ">"],
    ["XACKDEL", "xad", "g", "IDS", 2, "1-1", "2-1"],
  ],
  [
    ["SET", "b1", "a"],
    ["SET", "b2", "b"],
    ["BITOP", "DIFF", "bd", "b1", "b2"],
  ],
];
