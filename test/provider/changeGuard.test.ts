import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import Docker from "dockerode";
import { afterEach, expect, it } from "vitest";
import { changeGuard } from "../../components/providers/handlers/changeGuard.ts";
import { bearServer, openToClients, type BornServer } from "../support/bornServer.ts";
import { freePorts } from "../support/stackPorts.ts";
import type { ChangeGuardInputs } from "../../components/providers/changeGuard.ts";

const NAME = "rbg-test-change-guard";
const docker = new Docker();

/** The guard's inputs where blue alone is live. */
function withBlue(version: string, ports: string[] = []): ChangeGuardInputs {
  const blue = { product: "redis", version, image: `redis:${version}` };
  return { schemaVersion: 1, name: NAME, live: "blue", blue, ports, pathPrefix: "config:" };
}

async function refusals(olds: Partial<ChangeGuardInputs>, news: ChangeGuardInputs): Promise<string[]> {
  const { failures } = await changeGuard.check(olds, news);
  return (failures ?? []).map(({ reason }) => reason);
}

/** Takes the daemon away, so that every container counts as there. */
async function withoutDocker(use: () => Promise<void>): Promise<void> {
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = "tcp://127.0.0.1:1";
  try {
    await use();
  } finally {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
  }
}

afterEach(async () => {
  const containers = await docker.listContainers({ all: true, filters: { name: [`^/${NAME}-`] } });
  for (const { Id } of containers) await docker.getContainer(Id).remove({ force: true });
});

it("lets a version be corrected whose server was never created", async () => {
  expect(await refusals(withBlue("7.4"), withBlue("7.0"))).toEqual([]);
});

it("refuses another version for a server that is there, even if it is stopped", async () => {
  await docker.createContainer({ name: `${NAME}-blue-0`, Image: "redis:7.0" });
  const reasons = await refusals(withBlue("7.0"), withBlue("8.0"));
  expect(reasons[0]).toMatch(
    /^config:blue\.version: blue is live, and changing this from "7\.0" to "8\.0" would/,
  );
});

it("names the way out of a lone colour that ends at its start, and of no other one", async () => {
  const withRedis = (redis: Record<string, string>): ChangeGuardInputs => {
    const { blue, ...inputs } = withBlue("7.0");
    return { ...inputs, blue: { ...blue, redis } };
  };
  const wayOut = `config:blue.redis: or, where blue never started because of such a setting (it ends again and again now): docker rm -f ${NAME}-blue-0, pulumi refresh, and pulumi up with the change. Its volume stays`;
  const restarts = expect.stringMatching(/^config:blue\.redis: blue is live, and changing this/) as string;
  const [wrong, right] = [withRedis({ hz: "1o" }), withRedis({ hz: "10" })];
  const run = async (program: string): Promise<void> => {
    const container = await docker.createContainer({
      name: `${NAME}-blue-0`,
      Image: "redis:7.0",
      Entrypoint: [program],
      Cmd: ["600"],
      HostConfig: { RestartPolicy: { Name: "always" } },
    });
    await container.start();
  };

  await run("sleep");
  expect(await refusals(wrong, right), "one that runs may hang, and hold data").toEqual([restarts]);
  await docker.getContainer(`${NAME}-blue-0`).remove({ force: true });

  await run("false");
  await expect.poll(() => refusals(wrong, right), { timeout: 60_000 }).toEqual([restarts, wayOut]);
  const another = { ...right, blue: { ...right.blue, version: "7.2" } };
  expect((await refusals(wrong, another)).join(), "not where the volume is another one").not.toContain(
    wayOut,
  );
});

it("takes the colour for live that serves, whatever a refused update has stored", async () => {
  const version = { product: "redis", version: "7.0" } as const;
  const [blue, green] = await Promise.all([bearServer("blue", version), bearServer("green", version)]);
  try {
    const spec = ({ target }: BornServer) => ({
      ...version,
      image: "redis:7.0",
      operatorPort: target.primary.operator.port,
    });
    const stored: ChangeGuardInputs = {
      ...withBlue("7.0"),
      live: "green",
      blue: spec(blue),
      green: spec(green),
    };
    const edited = { ...stored, blue: { ...spec(blue), image: "redis:7.0-bookworm" } };
    const unfinished =
      "config:live: blue serves the clients, although the last update was to make green live. Run pulumi up without any other change to finish that, or set live: blue";
    await withoutDocker(async () => {
      expect(await refusals(stored, edited), "none serves: the stored one counts").toEqual([]);
      await openToClients(blue);
      expect(await refusals(stored, edited)).toEqual([
        expect.stringMatching(/^config:blue\.image: blue is live, and changing this from "redis:7\.0" to/),
        unfinished,
      ]);
      const retired: ChangeGuardInputs = { ...withBlue("7.0"), live: "green", green: spec(green) };
      delete retired.blue;
      expect(await refusals(stored, retired)).toEqual([
        expect.stringMatching(/^config:blue: live changes from blue to green and blue is removed/),
        unfinished,
      ]);
      expect(await refusals(stored, stored)).toEqual([]);
      await openToClients(green);
      expect(await refusals(stored, edited), "both serve: the stored one counts").toEqual([]);
    });
  } finally {
    await Promise.all([blue.stop(), green.stop()]);
  }
});

it("takes a server to be there where the daemon can't be asked", async () => {
  await withoutDocker(async () => {
    expect(await refusals(withBlue("7.4"), withBlue("7.0"))).not.toEqual([]);
  });
});

it("names each new port that another process has, and no port of the last update", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await refusals({}, withBlue("7.0", [port]))).toEqual([
      `port ${port} is taken by another process. Stop it, or choose another port in config:endpoint, bridge.statusPort or the colour's operatorPort`,
    ]);
    expect(await refusals(withBlue("7.0", [port]), withBlue("7.0", [port]))).toEqual([]);
  } finally {
    server.close();
  }
});

it("lets a colour be put back whose container still has its port, and another one not take that", async () => {
  const operatorPort = (await freePorts(NAME)).green;
  const container = await docker.createContainer({
    name: `${NAME}-green-0`,
    Image: "redis:7.0",
    Entrypoint: ["sleep"],
    Cmd: ["600"],
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: { PortBindings: { "6379/tcp": [{ HostIp: "127.0.0.1", HostPort: String(operatorPort) }] } },
  });
  await container.start();
  const retired = { ...withBlue("7.0"), schemaVersion: 1 as const };
  const green = { product: "redis", version: "7.0", image: "redis:7.0" };
  const ports = [`127.0.0.1:${operatorPort}`];
  const back: ChangeGuardInputs = { ...retired, green: { ...green, operatorPort }, ports };
  expect(await refusals(retired, back)).toEqual([]);
  const replica: ChangeGuardInputs = {
    ...retired,
    green: { ...green, operatorPort: 1 },
    blue: { ...retired.blue, operatorPort: operatorPort - 1, replicas: 1 },
    ports,
  };
  expect(await refusals({ ...retired, blue: replica.blue ?? {} }, replica)).toEqual([
    expect.stringContaining(`port 127.0.0.1:${operatorPort} is taken by another process`),
  ]);
});

it("says so where the address is none of this machine", async () => {
  expect(await refusals({}, withBlue("7.0", ["192.0.2.1:6379"]))).toEqual([
    "port 192.0.2.1:6379 can't be listened on (EADDRNOTAVAIL). Choose an address of this machine and another port in config:endpoint, bridge.statusPort or the colour's operatorPort",
  ]);
});
