import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type Docker from "dockerode";
import type { ContainerProperties } from "./containerTypes.ts";
import { step, unlessSaid } from "./dockerClient.ts";
import { tarball } from "./tarball.ts";

type Upload = NonNullable<ContainerProperties["uploads"]>[number];
type Network = NonNullable<ContainerProperties["networksAdvanced"]>[number];

/** All that happens between a container's creation and its first read. Any failure leaves the container as it is. */
export async function startUp(
  docker: Docker,
  container: Docker.Container,
  wanted: ContainerProperties,
): Promise<{ containerLogs?: string }> {
  await connect(docker, container, wanted.networksAdvanced ?? []);
  for (const upload of wanted.uploads ?? []) await send(container, upload);
  if (wanted.start ?? true) {
    await step("Unable to start container", container.start());
    if (wanted.wait) await waitUntilHealthy(container, wanted.waitTimeout ?? 60);
  }
  return wanted.attach ? attach(container, wanted) : {};
}

async function connect(docker: Docker, container: Docker.Container, networks: Network[]): Promise<void> {
  if (networks.length === 0) return;
  await step(
    "Unable to disconnect the default network",
    unlessSaid(
      ["is not connected to the network bridge", "is not connected to network bridge"],
      docker.getNetwork("bridge").disconnect({ Container: container.id }),
    ),
  );
  for (const network of networks) {
    const endpoint = {
      Aliases: network.aliases ?? [],
      IPAMConfig: {
        IPv4Address: network.ipv4Address ?? "",
        IPv6Address: network.ipv6Address ?? "",
        LinkLocalIPs: network.linkLocalIps ?? [],
      },
      MacAddress: network.macAddress ?? "",
      DriverOpts: Object.fromEntries((network.driverOpts ?? []).map((option) => split(option))),
    };
    await step(
      `Unable to connect to network '${network.name}'`,
      docker.getNetwork(network.name).connect({ Container: container.id, EndpointConfig: endpoint }),
    );
  }
}

function split(option: string): [string, string] {
  const at = option.indexOf("=");
  return [option.slice(0, at), option.slice(at + 1)];
}

async function send(container: Docker.Container, upload: Upload): Promise<void> {
  const content = await contentOf(upload);
  const mode = upload.permissions
    ? Number.parseInt(upload.permissions, 8)
    : upload.executable
      ? 0o744
      : 0o644;
  await step(
    "Unable to upload volume content",
    container.putArchive(tarball({ path: upload.file, content, mode }), { path: "/" }),
  );
}

async function contentOf({ content, contentBase64, source }: Upload): Promise<Buffer> {
  const given = [content, contentBase64, source].filter(Boolean).length;
  if (given !== 1)
    throw new Error(
      given === 0
        ? "error with upload content: one of 'content', 'contentBase64', or 'source' must be set"
        : "error with upload content: only one of 'content', 'contentBase64', or 'source' can be set",
    );
  if (content) return Buffer.from(content);
  return contentBase64
    ? Buffer.from(contentBase64, "base64")
    : step("could not read file", readFile(source ?? ""));
}

async function waitUntilHealthy(container: Docker.Container, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    const { State } = await container.inspect();
    if (!State.Health)
      throw new Error(
        "you have supplied a 'wait' argument, but the container does not have a healthcheck defined",
      );
    if (State.Health.Status === "healthy") return;
    await setTimeout(200);
  }
  throw new Error("container failed to be in healthy state");
}

async function attach(
  container: Docker.Container,
  wanted: ContainerProperties,
): Promise<{ containerLogs?: string }> {
  await step("Unable to wait container end of execution", container.wait());
  if (!wanted.logs) return {};
  const raw = await container.logs({ follow: false, stdout: true, stderr: true });
  return { containerLogs: wanted.tty ? raw.toString() : withoutFrames(raw) };
}

/** Docker puts eight bytes before each piece of output: its stream and, in the last four, its length. */
function withoutFrames(raw: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const end = at + 8 + raw.readUInt32BE(at + 4);
    pieces.push(raw.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString();
}
