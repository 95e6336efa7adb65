/** Where a TCP service listens. */
export interface Address {
  /** Host name or IP address, without brackets. */
  host: string;
  /** TCP port, 1 to 65535. */
  port: number;
}

/** `host:port`, as it stands in messages. */
export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether the host is this machine's loopback, so that nobody else can reach it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
