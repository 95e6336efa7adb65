/** One text for a key in its database, whatever bytes it has. */
export function keyName(database: number, key: Buffer): string {
  return `${database} ${key.toString("latin1")}`;
}
