import { GenericContainer, Wait, type StartedTestContainer } from "testcontainers";
import { haproxyConfig, PROXY_PORTS } from "../../components/docker/haproxyConfig.ts";
import type { Address } from "../../components/engine/address.ts";
import type { Colour } from "../../components/engine/colour.ts";

/** A proxy with the configuration that this project makes. */
export interface BornProxy {
  container: StartedTestContainer;
  write: Address;
  runtime: Address;
}

/** Starts the proxy in front of two primaries. */
export async function bearProxy(primaries: Record<Colour, Address>): Promise<BornProxy> {
  const content = haproxyConfig({
    blue: { primary: primaries.blue },
    green: { primary: primaries.green },
  });
  const container = await new GenericContainer("haproxy:3.0")
    .withEntrypoint(["haproxy"])
    .withCommand(["-W", "-db", "-f", "/haproxy.cfg"])
    .withCopyContentToContainer([{ content, target: "/haproxy.cfg" }])
    .withExposedPorts(PROXY_PORTS.write, PROXY_PORTS.runtime)
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const at = (port: number): Address => ({ host: "127.0.0.1", port: container.getMappedPort(port) });
  return { container, write: at(PROXY_PORTS.write), runtime: at(PROXY_PORTS.runtime) };
}
