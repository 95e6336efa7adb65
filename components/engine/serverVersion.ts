/** What a server says it is. */
export interface ServerVersion {
  product: "redis" | "valkey";
  /** Dotted, e.g. `7.0.15`; a configured version may have two parts. */
  version: string;
}

/** `Redis 7.0.15`, as it stands in messages. */
export function formatVersion(version: ServerVersion): string {
  return `${version.product === "redis" ? "Redis" : "Valkey"} ${version.version}`;
}

/** Numeric order of two dotted versions; a missing part counts as 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` is at least `floor`. */
export function atLeast(version: string, floor: string): boolean {
  return compareVersions(version, floor) >= 0;
}

/** Whether `a` is what one goes back to from `b`: an older version, or Redis where `b` is its fork, Valkey. */
export function isOlder(a: ServerVersion, b: ServerVersion): boolean {
  return a.product === b.product ? compareVersions(a.version, b.version) < 0 : a.product === "redis";
}
