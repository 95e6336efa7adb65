import { expect, it } from "vitest";
import { formatProblems, validateArguments } from "../../components/validation/index.ts";
import { BOUNDS, describeRefusals, path, STRONG, withBlue } from "./refusals.ts";

const ENDPOINT_KEYS = "host, writePort, readPort, runtimePort or image";
const PORT = "a whole number from 1 to 65,535";
const NOT_LOOPBACK = "where redis-bluegreen:endpoint.host (0.0.0.0) is not on loopback";
const STRENGTH = `at least 16 characters of at least 6 kinds ${NOT_LOOPBACK}`;
const STRENGTHEN = "set a long random one as a secret, or set redis-bluegreen:endpoint.host to 127.0.0.1.";
const ALL_STRONG = { applicationPassword: STRONG, operatorPassword: STRONG, replicationPassword: STRONG };

describeRefusals("a configuration that is refused", [
  [
    "an unknown key",
    { ...withBlue({}), lvie: "blue", guardrail: {} },
    "lvie is an unknown key, but must be one of platform, live, blue, green, endpoint, auth, guardrails, bake, rehearsal, bridge, backup, report: rename it to live, or remove it.",
    "guardrail is an unknown key, but must be one of platform, live, blue, green, endpoint, auth, guardrails, bake, rehearsal, bridge, backup, report: rename it to guardrails, or remove it.",
  ],
  [
    "an unknown key that is near to none",
    withBlue({}, { endpoint: { zzz: 1 } }),
    "endpoint.zzz is an unknown key, but must be one of host, writePort, readPort, runtimePort, image: remove it.",
  ],
  [
    "an unknown key in another spelling",
    withBlue({}, { endpoint: { write_port: 1 } }),
    "endpoint.write_port is an unknown key, but must be one of host, writePort, readPort, runtimePort, image: rename it to writePort, or remove it.",
  ],
  [
    "an unknown key of a colour",
    withBlue({ replica: 1 }),
    "blue.replica is an unknown key, but must be one of version, product, image, replicas, memory, persistence, redis, operatorPort, address, password, peerAddress, advertiseHost, reseed: rename it to replicas, or remove it.",
  ],
  [
    "an unknown key of a strange name",
    withBlue({}, { backup: { "a b": 1 } }),
    'backup["a b"] is an unknown key, but must be one of directory: remove it.',
  ],
  [
    "text for an object",
    withBlue({}, { endpoint: "127.0.0.1" }),
    `endpoint is text, but must be an object with any of the keys ${ENDPOINT_KEYS}: write each of its keys on a line of its own below it, or remove it.`,
  ],
  [
    "a bridge of all kinds of errors",
    withBlue({}, { bridge: { use: "sometimes", memory: 64, statusPort: 0, image: "node" } }),
    'bridge.use is "sometimes", but must be auto, always or never: set one of these.',
    'bridge.image is "node", without a tag, but must be an image reference such as node:24-slim: name a version in its tag.',
    "bridge.memory is the number 64, but must be a whole number from 128 to 65,536 MiB: set a number within these bounds, or remove it to have the default.",
    "bridge.statusPort is the number 0, but must be a whole number from 1 to 65,535: set a number within these bounds, or remove it to have the default.",
  ],
  [
    "a list for an object",
    withBlue({}, { backup: ["a"] }),
    "backup is a list, but must be an object with any of the keys directory: write each of its keys on a line of its own below it, or remove it.",
  ],
  [
    "live naming a colour that is absent",
    { live: "green", blue: { version: "7.0" } },
    "live is green, a colour without a deployment, but must be blue: set it to blue, or add redis-bluegreen:green and cut over once it is in sync.",
  ],
  [
    "live of another name",
    { live: "purple", blue: { version: "7.0" } },
    'live is "purple", but must be blue or green: set one of these.',
  ],
  [
    "a live colour that may be overwritten",
    withBlue({ reseed: true }),
    "blue.reseed is true, and blue is live, but must be false or left out for the live colour, as nothing is copied over it: remove it.",
  ],
  [
    "no live",
    { blue: { version: "7.0" } },
    "live is missing, but must be blue or green: set it to the colour that serves clients.",
  ],
  [
    "both colours removed",
    { live: "blue" },
    'blue is missing, and so is redis-bluegreen:green, but must be given for at least the live colour: give it a version, e.g. version: "7.0"; to remove the live deployment use pulumi destroy.',
  ],
  [
    "both colours empty",
    { live: "blue", blue: {}, green: {} },
    'blue is missing, and so is redis-bluegreen:green, but must be given for at least the live colour: give it a version, e.g. version: "7.0"; to remove the live deployment use pulumi destroy.',
  ],
  [
    "ports out of range",
    withBlue({ operatorPort: 0 }, { endpoint: { writePort: 65_536, readPort: -1, runtimePort: 1.5 } }),
    `endpoint.writePort is the number 65536, but must be ${PORT}: ${BOUNDS}`,
    `endpoint.readPort is the number -1, but must be ${PORT}: ${BOUNDS}`,
    `endpoint.runtimePort is the number 1.5, but must be ${PORT}: ${BOUNDS}`,
    `blue.operatorPort is the number 0, but must be ${PORT}: ${BOUNDS}`,
  ],
  [
    "default ports out of range",
    withBlue({}, { endpoint: { writePort: 60_000 } }),
    `endpoint.runtimePort is 69999 by default (redis-bluegreen:endpoint.writePort + 9999), but must be ${PORT}: set it.`,
    `blue.operatorPort is 70000 by default (redis-bluegreen:endpoint.writePort + 10000), but must be ${PORT}: set it.`,
  ],
  [
    "equal ports",
    withBlue({}, { endpoint: { writePort: 6379, readPort: 6379 } }),
    "endpoint.readPort is 6379, which redis-bluegreen:endpoint.writePort takes, but must be a port of its own: set another port for one of them.",
  ],
  [
    "ports of replicas that overlap",
    withBlue({ replicas: 2, operatorPort: 7000 }, { green: { version: "8.0", operatorPort: 7001 } }),
    "green.operatorPort is 7001, which redis-bluegreen:blue.operatorPort takes for replica 1, but must be a port of its own: set another port for one of them.",
  ],
  [
    "a replica's port that is the endpoint's",
    withBlue({ replicas: 2, operatorPort: 6378 }),
    "blue.operatorPort is 6379 for replica 1, which redis-bluegreen:endpoint.writePort takes, but must be a port of its own: set another port for one of them.",
    "blue.operatorPort is 6380 for replica 2, which redis-bluegreen:endpoint.readPort takes, but must be a port of its own: set another port for one of them.",
  ],
  [
    "replicas' ports beyond the last",
    withBlue({ replicas: 2, operatorPort: 65_534 }),
    "blue.operatorPort is 65534, and so 65536 for replica 2, but must be at most 65533 with that many replicas: set a lower one.",
  ],
  [
    "an existing server on the endpoint's port",
    { live: "blue", blue: { address: "redis://127.0.0.1:6379" } },
    "blue.address is 6379 for the existing server, which redis-bluegreen:endpoint.writePort takes, but must be a port of its own: set another port for one of them.",
  ],
  [
    "no passwords where others reach the endpoint",
    withBlue({}, { endpoint: { host: "0.0.0.0" } }),
    `auth.applicationPassword is missing, but must be ${STRENGTH}: ${STRENGTHEN}`,
    `auth.operatorPassword is missing, but must be ${STRENGTH}: ${STRENGTHEN}`,
    `auth.replicationPassword is missing, but must be ${STRENGTH}: ${STRENGTHEN}`,
  ],
  [
    "weak passwords where others reach the endpoint",
    withBlue(
      {},
      {
        endpoint: { host: "0.0.0.0" },
        auth: { ...ALL_STRONG, applicationPassword: "hunter2", operatorPassword: "abababababababababab" },
      },
    ),
    `auth.applicationPassword is a password of less than 16 characters, but must be ${STRENGTH}: ${STRENGTHEN}`,
    `auth.operatorPassword is a password of less than 6 kinds of characters, but must be ${STRENGTH}: ${STRENGTHEN}`,
  ],
  [
    "a password of another type",
    withBlue({}, { endpoint: { host: "0.0.0.0" }, auth: { ...ALL_STRONG, operatorPassword: 1234567 } }),
    "auth.operatorPassword is a number, but must be text on one line, at most 1,000 characters: set it as a secret, in quotes where it is made of digits.",
  ],
  [
    "a password of several lines, or none",
    withBlue({}, { auth: { operatorPassword: "hunter2\nuser on", applicationPassword: "" } }),
    "auth.applicationPassword is empty, but must be text on one line, at most 1,000 characters: set it as a secret, in quotes where it is made of digits.",
    "auth.operatorPassword is too long or of several lines, but must be text on one line, at most 1,000 characters: set it as a secret, in quotes where it is made of digits.",
  ],
  [
    "an existing server without a password behind an open endpoint",
    {
      live: "blue",
      blue: { address: "redis://10.0.0.5" },
      endpoint: { host: "0.0.0.0" },
      auth: ALL_STRONG,
    },
    `blue.password is missing, but must be given ${NOT_LOOPBACK}: set the password of the existing server's user as a secret, or set redis-bluegreen:endpoint.host to 127.0.0.1.`,
  ],
  [
    "one of our own users as the application's",
    withBlue({}, { auth: { applicationUser: "redis-bluegreen-operator" } }),
    `auth.applicationUser is "redis-bluegreen-operator", a name of this project's own users, but must be a name that doesn't begin with redis-bluegreen-: choose another name, or remove it to have the user default.`,
  ],
  [
    "a user name that ACL files can't hold",
    withBlue({}, { auth: { applicationUser: "a b" } }),
    'auth.applicationUser is "a b", but must be a user name of letters, digits and . _ @ : -, at most 128 of them: choose another name, or remove it to have the user default.',
  ],
  [
    "negative and absurd guardrails",
    withBlue(
      {},
      {
        guardrails: {
          maxLagBytes: -1,
          syncTimeoutMs: 0,
          pauseTimeoutMs: 600_000,
          catchUpTimeoutMs: "500",
          cutoverTimeoutMs: 1e9,
          verifyKeys: "some",
          allowDestroy: "true",
          acceptBackupOnlyRollback: "yes",
        },
      },
    ),
    'guardrails.acceptBackupOnlyRollback is "yes", but must be true or false: set one of these.',
    'guardrails.allowDestroy is "true", but must be true or false: remove the quotes.',
    `guardrails.maxLagBytes is the number -1, but must be a whole number from 0 to 1,073,741,824 (bytes): ${BOUNDS}`,
    `guardrails.syncTimeoutMs is the number 0, but must be a whole number from 1,000 to 86,400,000 (milliseconds): ${BOUNDS}`,
    `guardrails.pauseTimeoutMs is the number 600000, but must be a whole number from 100 to 60,000 (milliseconds): ${BOUNDS}`,
    'guardrails.catchUpTimeoutMs is "500", but must be a whole number from 50 to 60,000 (milliseconds): remove the quotes.',
    `guardrails.cutoverTimeoutMs is the number 1000000000, but must be a whole number from 1,000 to 3,600,000 (milliseconds): ${BOUNDS}`,
    'guardrails.verifyKeys is "some", but must be a whole number from 0 to 1,000,000,000, or all: set how many keys are compared before and after a cutover.',
  ],
  [
    "a catch-up longer than the pause",
    withBlue({}, { guardrails: { catchUpTimeoutMs: 5_000 } }),
    "guardrails.catchUpTimeoutMs is the number 5000, but must be at most redis-bluegreen:guardrails.pauseTimeoutMs (3000), which it is a part of: shorten it, or lengthen the other.",
  ],
  [
    "a cutover shorter than its pause",
    withBlue({}, { guardrails: { cutoverTimeoutMs: 2_000 } }),
    "guardrails.cutoverTimeoutMs is the number 2000, but must be at least redis-bluegreen:guardrails.pauseTimeoutMs (3000 by default), which is a part of it: lengthen it, or shorten the other.",
  ],
  [
    "a platform that is not yet available",
    withBlue({}, { platform: "kubernetes" }),
    'platform is "kubernetes", which is not yet available, but must be docker: set it to docker, or remove it.',
  ],
  [
    "an unknown platform",
    withBlue({}, { platform: "nomad" }),
    'platform is "nomad", but must be docker: set one of these.',
  ],
  [
    "a host name to listen on",
    withBlue({}, { endpoint: { host: "redis.example" } }),
    'endpoint.host is "redis.example", but must be an IP address of this machine: write 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses.',
  ],
  [
    "a proxy image without a version",
    withBlue({}, { endpoint: { image: "haproxy" } }),
    'endpoint.image is "haproxy", without a tag, but must be an image reference such as haproxy:3.0: name a version in its tag.',
  ],
  [
    "a directory of another type",
    withBlue({}, { backup: { directory: 1 }, report: { directory: "" } }),
    "backup.directory is the number 1, but must be the path of a directory: write a path such as backups.",
    "report.directory is empty, but must be the path of a directory: write a path such as reports.",
  ],
]);

it("gives all its problems at once, as a numbered list", () => {
  const { problems } = validateArguments({ live: "x", blue: { version: "7.0" }, y: 1 }, { path });
  expect(formatProblems("The configuration of stack demo", problems)).toBe(
    [
      "The configuration of stack demo has 2 problems; nothing was changed:",
      "  1. redis-bluegreen:y is an unknown key, but must be one of platform, live, blue, green, endpoint, auth, guardrails, bake, rehearsal, bridge, backup, report: remove it.",
      '  2. redis-bluegreen:live is "x", but must be blue or green: set one of these.',
    ].join("\n"),
  );
  expect(problems[1]).toMatchObject({
    path: "redis-bluegreen:live",
    found: '"x"',
    allowed: "blue or green",
    cure: "set one of these",
  });
});
