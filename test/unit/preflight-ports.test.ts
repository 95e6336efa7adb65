import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { portInUse } from "../../components/engine/preflight/ports.ts";

it("tells a port that something listens on from one that is free, and leaves it free", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = { host: "127.0.0.1", port: (other.address() as AddressInfo).port };
  expect(await portInUse(address)).toBe(true);
  expect(await portInUse({ ...address, host: "0.0.0.0" })).toBe(true);
  await new Promise((resolve) => other.close(resolve));
  expect(await portInUse(address)).toBe(false);
  expect(await portInUse(address)).toBe(false);
});

it("fails where the host is no address of this machine", async () => {
  await expect(portInUse({ host: "192.0.2.1", port: 1 })).rejects.toThrow("EADDRNOTAVAIL");
});
