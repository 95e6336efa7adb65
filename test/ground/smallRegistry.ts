import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { tarball } from "./dockerProvider/tarball.ts";

/** A registry on the loopback interface, which a daemon on this machine pulls from without TLS. */
export interface SmallRegistry {
  /** The one image that it has. */
  image: string;
  /** How often it was asked for anything so far. */
  requests(): number;
  close(): Promise<void>;
}

/** Serves one image of one file. */
export async function smallRegistry(): Promise<SmallRegistry> {
  const layer = tarball({ path: "/hello", content: Buffer.from(`hello ${process.pid}`), mode: 0o644 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    }),
  );
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const describe = (mediaType: string, blob: Buffer): object => ({
    mediaType,
    size: blob.length,
    digest: digestOf(blob),
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: describe("application/vnd.docker.container.image.v1+json", config),
      layers: [describe("application/vnd.docker.image.rootfs.diff.tar", layer)],
    }),
  );
  const blobs = new Map([layer, config, manifest].map((blob) => [digestOf(blob), blob]));
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const wanted = request.url?.split("/").at(-1) ?? "";
    const blob = wanted === "1" ? manifest : (blobs.get(wanted) ?? Buffer.from("{}"));
    response.setHeader("Content-Type", blob === manifest ? type : "application/octet-stream");
    response.setHeader("Docker-Content-Digest", digestOf(blob));
    response.setHeader("Content-Length", blob.length);
    response.end(request.method === "HEAD" ? undefined : blob);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    image: `127.0.0.1:${port}/rbg-ground:1`,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function digestOf(blob: Buffer): string {
  return `sha256:${createHash("sha256").update(blob).digest("hex")}`;
}
