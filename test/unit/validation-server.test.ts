import { describeRefusals, STRONG, withBlue } from "./refusals.ts";

describeRefusals("an existing server that is refused", [
  [
    "a password in an address",
    { live: "blue", blue: { address: "redis://app:hunter2@10.0.0.5:6379" } },
    "blue.address is an address with a password in it (…@10.0.0.5:6379), but must be an address such as redis://user@host:6379: remove the password from it and set redis-bluegreen:blue.password as a secret.",
  ],
  [
    "an address with TLS",
    { live: "blue", blue: { address: "rediss://10.0.0.5:6379" } },
    'blue.address is of the kind "rediss://", but must be an address such as redis://user@host:6379: use redis://, as TLS is not yet available.',
  ],
  [
    "an address without its beginning",
    { live: "blue", blue: { address: "10.0.0.5:6379" } },
    "blue.address is without redis:// at its beginning, but must be an address such as redis://user@host:6379: write redis:// before the host.",
  ],
  [
    "an address with a database",
    { live: "blue", blue: { address: "redis://10.0.0.5:6379/0" } },
    'blue.address is of "10.0.0.5:6379/0", which is no host and port, but must be an address such as redis://user@host:6379: write one host and a port from 1 to 65,535, without a database or options behind them.',
  ],
  [
    "an address of another type",
    { live: "blue", blue: { address: 6379 } },
    "blue.address is the number 6379, but must be an address such as redis://user@host:6379: write it as text.",
  ],
  [
    "an address without a host",
    { live: "blue", blue: { address: "redis://user@:6379" } },
    'blue.address is of ":6379", which is no host and port, but must be an address such as redis://user@host:6379: write one host and a port from 1 to 65,535, without a database or options behind them.',
  ],
  [
    "what belongs to a deployment beside an address",
    { live: "blue", blue: { address: "redis://10.0.0.5", version: "7.0", memory: 64 } },
    "blue.version is given beside address, but must be left out for a server that exists already: remove it, as such a server is never changed, or remove address to have a deployment created.",
    "blue.memory is given beside address, but must be left out for a server that exists already: remove it, as such a server is never changed, or remove address to have a deployment created.",
  ],
  [
    "what belongs to an existing server without an address",
    withBlue({ password: STRONG, peerAddress: "a:1" }),
    "blue.password is given without address, but must be left out for a deployment that this project creates: remove it and set passwords under redis-bluegreen:auth.",
    "blue.peerAddress is given without address, but must be left out for a deployment that this project creates: remove it, or add address for a server that exists already.",
  ],
  [
    "other addresses of an existing server that are none",
    { live: "blue", blue: { address: "redis://10.0.0.5", peerAddress: "10.0.0.5", advertiseHost: "a b" } },
    'blue.peerAddress is "10.0.0.5", but must be host:port such as "10.0.0.5:6379", as containers reach the server: correct it, or remove it.',
    'blue.advertiseHost is "a b", but must be the host name or IP address under which the server reaches this machine, without a port: correct it, or remove it.',
  ],
  [
    "one server as both colours",
    { live: "blue", blue: { address: "redis://10.0.0.5" }, green: { address: "redis://u@10.0.0.5:6379" } },
    "green.address is 10.0.0.5:6379, the server that is redis-bluegreen:blue.address too, but must be another server: correct one of the two addresses.",
  ],
]);
