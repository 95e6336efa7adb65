import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import type * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { isObject, type Properties } from "./dockerProvider/properties.ts";

/** What the engine learns when a resource exists but did not come up. */
export class InitError extends Error {
  readonly id: string;
  readonly state: Properties;
  readonly reasons: string[];

  constructor(detail: pb.ErrorResourceInitFailed) {
    super(detail.getReasonsList().join("; "));
    this.id = detail.getId();
    this.state = propertiesOf(detail.getProperties());
    this.reasons = detail.getReasonsList();
  }
}

/** The engine's view of a difference. */
export interface Difference {
  changes: boolean;
  replaces: string[];
  deleteBeforeReplace: boolean;
  /** Path → kind, e.g. `{ "ports[0].external": "UPDATE_REPLACE" }`. */
  detailed: Record<string, string>;
}

const STAND_IN = new URL("dockerProvider/main.ts", import.meta.url).pathname;

/** A plugin process, spoken to over gRPC as the engine does. Properties carry their secret marks both ways. */
export class Plugin {
  readonly #process: ChildProcess;
  readonly #client: services.ResourceProviderClient;

  private constructor(process: ChildProcess, port: string) {
    this.#process = process;
    this.#client = new services.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
    );
  }

  /**
   * Starts and configures it.
   * @param args for node, a script first; default: the stand-in for the docker provider
   */
  static async start(
    environment: NodeJS.ProcessEnv = {},
    args: readonly string[] = [STAND_IN],
  ): Promise<Plugin> {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    const lines = createInterface({ input: child.stdout });
    const [port] = (await once(lines, "line")) as [string];
    const plugin = new Plugin(child, port);
    const request = new messages.ConfigureRequest().setAcceptsecrets(true).setArgs(structOf({}));
    await plugin.#call<pb.ConfigureResponse>((done) => plugin.#client.configure(request, done));
    return plugin;
  }

  async stop(): Promise<void> {
    this.#client.close();
    const exit = once(this.#process, "exit");
    this.#process.kill();
    await exit;
  }

  /** The checked inputs, or the reasons against them. */
  async check(
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<{ inputs: Properties; failures: string[] }> {
    const request = new messages.CheckRequest().setUrn(urn).setOlds(structOf(olds)).setNews(structOf(news));
    request.setRandomseed(crypto.getRandomValues(new Uint8Array(8)));
    const response = await this.#call<pb.CheckResponse>((done) => this.#client.check(request, done));
    const failures = response
      .getFailuresList()
      .map((failure) => `${failure.getProperty()} ${failure.getReason()}`);
    return { inputs: propertiesOf(response.getInputs()), failures };
  }

  async diff(
    urn: string,
    id: string,
    olds: Properties,
    news: Properties,
    ignoreChanges: string[] = [],
  ): Promise<Difference> {
    const request = new messages.DiffRequest().setUrn(urn).setId(id).setOlds(structOf(olds));
    request.setNews(structOf(news)).setIgnorechangesList(ignoreChanges);
    const response = await this.#call<pb.DiffResponse>((done) => this.#client.diff(request, done));
    const kinds = Object.entries(messages.PropertyDiff.Kind);
    const detailed: Record<string, string> = {};
    response.getDetaileddiffMap().forEach((diff, path) => {
      detailed[path] = kinds.find(([, kind]) => kind === diff.getKind())?.[0] ?? "";
    });
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      detailed,
    };
  }

  /** @throws {@link InitError} where it exists but did not come up */
  async create(urn: string, inputs: Properties, preview = false): Promise<{ id: string; state: Properties }> {
    const request = new messages.CreateRequest()
      .setUrn(urn)
      .setProperties(structOf(inputs))
      .setPreview(preview);
    const response = await this.#call<pb.CreateResponse>((done) => this.#client.create(request, done));
    return { id: response.getId(), state: propertiesOf(response.getProperties()) };
  }

  /** Undefined where it is gone. */
  async read(
    urn: string,
    id: string,
    state: Properties,
    inputs: Properties,
  ): Promise<{ state: Properties; inputs: Properties } | undefined> {
    const request = new messages.ReadRequest().setUrn(urn).setId(id).setProperties(structOf(state));
    request.setInputs(structOf(inputs));
    const response = await this.#call<pb.ReadResponse>((done) => this.#client.read(request, done));
    if (response.getId() === "") return undefined;
    return { state: propertiesOf(response.getProperties()), inputs: propertiesOf(response.getInputs()) };
  }

  async update(
    urn: string,
    id: string,
    olds: Properties,
    news: Properties,
    options: { preview?: boolean; ignoreChanges?: string[] } = {},
  ): Promise<Properties> {
    const request = new messages.UpdateRequest().setUrn(urn).setId(id).setOlds(structOf(olds));
    request.setNews(structOf(news)).setPreview(options.preview ?? false);
    request.setIgnorechangesList(options.ignoreChanges ?? []);
    const response = await this.#call<pb.UpdateResponse>((done) => this.#client.update(request, done));
    return propertiesOf(response.getProperties());
  }

  async delete(urn: string, id: string, state: Properties): Promise<void> {
    const request = new messages.DeleteRequest().setUrn(urn).setId(id).setProperties(structOf(state));
    await this.#call((done) => this.#client.delete(request, done));
  }

  #call<Response>(
    call: (done: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      call((error, response) => {
        if (error) reject(initErrorOf(error) ?? error);
        else resolve(response);
      });
    });
  }
}

function initErrorOf(error: grpc.ServiceError): InitError | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!(packed instanceof Buffer)) return undefined;
  const [detail] = status.Status.deserializeBinary(packed).getDetailsList();
  const unpacked = detail?.unpack(
    (bytes) => messages.ErrorResourceInitFailed.deserializeBinary(bytes),
    "pulumirpc.ErrorResourceInitFailed",
  );
  return unpacked ? new InitError(unpacked) : undefined;
}

function structOf(properties: Properties): InstanceType<typeof struct.Struct> {
  return struct.Struct.fromJavaScript(properties);
}

function propertiesOf(message: InstanceType<typeof struct.Struct> | undefined): Properties {
  const properties: unknown = message?.toJavaScript();
  return isObject(properties) ? properties : {};
}
