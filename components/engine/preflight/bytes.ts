const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** A size for people: `0 bytes`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}
