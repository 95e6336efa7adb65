import { defaults, type ExistingServerArguments } from "../arguments.ts";
import { isLoopback, type Address } from "../engine/address.ts";
import { describe, quote } from "./describe.ts";
import { DEPLOYMENT_KEYS } from "./colourKeys.ts";
import type { Section } from "./section.ts";

const HOST = /^(?:[a-z0-9](?:[\w-]*[a-z0-9])?(?:\.[a-z0-9](?:[\w-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])$/i;
const EXAMPLE = "redis://user@host:6379";

/** Reads a server that exists already; undefined where its address was refused. */
export function readExistingServer(section: Section): ExistingServerArguments | undefined {
  refuseDeploymentKeys(section);
  const server = readAddress(section);
  const password = section.password("password");
  const peerAddress = readPeerAddress(section);
  const advertiseHost = readAdvertiseHost(section);
  const reseed = section.flag("reseed") ?? false;
  if (server === undefined) return undefined;
  const onLoopback = isLoopback(server.address.host);
  const args: ExistingServerArguments = {
    external: true,
    ...server,
    peerAddress:
      peerAddress ??
      (onLoopback ? { ...server.address, host: defaults.loopbackFromContainers } : server.address),
    reseed,
  };
  if (password !== undefined) args.password = password;
  const reachesUsAt = advertiseHost ?? (onLoopback ? defaults.endpoint.host : undefined);
  if (reachesUsAt !== undefined) args.advertiseHost = reachesUsAt;
  return args;
}

function refuseDeploymentKeys(section: Section): void {
  for (const key of DEPLOYMENT_KEYS) {
    if (!section.has(key)) continue;
    section.refuse(key, {
      found: "given beside address",
      allowed: "left out for a server that exists already",
      cure: "remove it, as such a server is never changed, or remove address to have a deployment created",
    });
  }
}

/** Messages show no part before an `@`: it may hold a password, whatever else is wrong. */
function readAddress(section: Section): Pick<ExistingServerArguments, "address" | "username"> | undefined {
  const allowed = `an address such as ${EXAMPLE}`;
  const value = section.raw("address");
  if (typeof value !== "string") {
    section.refuse("address", { found: describe(value), allowed, cure: "write it as text" });
    return;
  }
  const [, scheme = "", rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(value) ?? [];
  const at = rest.lastIndexOf("@");
  const user = at < 0 ? "" : rest.slice(0, at);
  const host = rest.slice(at + 1).replace(/\/$/, "");
  if (user.includes(":")) {
    section.refuse("address", {
      found: `an address with a password in it (…@${quote(host).slice(1, -1)})`,
      allowed,
      cure: `remove the password from it and set ${section.pathOf("password")} as a secret`,
    });
    return;
  }
  if (scheme.toLowerCase() !== "redis") {
    section.refuse("address", {
      found: scheme === "" ? "without redis:// at its beginning" : `of the kind ${quote(`${scheme}://`)}`,
      allowed,
      cure:
        scheme === "rediss" ? "use redis://, as TLS is not yet available" : "write redis:// before the host",
    });
    return;
  }
  const address = parseHostPort(host, defaults.existingServer.port);
  if (address === undefined || (at >= 0 && !/^[\w.%-]{1,128}$/.test(user))) {
    section.refuse("address", {
      found:
        address === undefined ? `of ${quote(host)}, which is no host and port` : "without a proper user name",
      allowed,
      cure: "write one host and a port from 1 to 65,535, without a database or options behind them",
    });
    return;
  }
  return { address, username: at < 0 ? defaults.existingServer.username : user };
}

function readPeerAddress(section: Section): Address | undefined {
  const allowed = `host:port such as "10.0.0.5:6379", as containers reach the server`;
  const text = section.text("peerAddress", allowed, "correct it, or remove it");
  if (text === undefined) return undefined;
  const address = parseHostPort(text);
  if (address !== undefined) return address;
  const found = text.includes("@") || text.includes("//") ? "not host and port alone" : quote(text);
  section.refuse("peerAddress", { found, allowed, cure: "correct it, or remove it" });
}

function readAdvertiseHost(section: Section): string | undefined {
  const allowed = "the host name or IP address under which the server reaches this machine, without a port";
  const text = section.text("advertiseHost", allowed, "correct it, or remove it");
  if (text === undefined) return undefined;
  const host = parseHostPort(text.includes(":") ? `[${text}]` : text, 1)?.host;
  if (host === undefined) {
    section.refuse("advertiseHost", { found: quote(text), allowed, cure: "correct it, or remove it" });
  }
  return host;
}

/** Reads `host:port` or `[IPv6]:port`; undefined where it is neither. */
function parseHostPort(text: string, defaultPort?: number): Address | undefined {
  if (text.length > 300) return undefined;
  const [, host = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (!HOST.test(host) || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port };
}
