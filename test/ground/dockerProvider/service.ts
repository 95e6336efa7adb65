import type * as grpc from "@grpc/grpc-js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import type * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Failure } from "./check.ts";
import { topLevel, type Change } from "./diff.ts";
import { isObject, type Properties } from "./properties.ts";
import { InitFailed, type DiffAnswer, type Provider, type Subject } from "./provider.ts";
import { open, redact, seal, type Opened } from "./secrets.ts";
import { statusOf } from "./status.ts";

/** The engine's calls, each taken apart, answered by the provider, and put together with its secrets marked again. */
export function service(provider: Provider, version: PluginInfo): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => version),
    attach: unary(() => new empty.Empty()),
    cancel: unary(() => new empty.Empty()),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema('{"name":"docker"}')),
    checkConfig: unary((request: pb.CheckRequest) => {
      const news = opened(request.getNews());
      const failures = provider.checkConfig(news.properties).map(failureOf);
      return new messages.CheckResponse().setInputs(request.getNews()).setFailuresList(failures);
    }),
    diffConfig: unary(() =>
      new messages.DiffResponse().setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE),
    ),
    configure: unary((request: pb.ConfigureRequest) => {
      provider.configure(opened(request.getArgs()).properties);
      return new messages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: unary((request: pb.CheckRequest) => check(provider, request)),
    diff: unary((request: pb.DiffRequest) => diff(provider, request)),
    create: unary((request: pb.CreateRequest) => create(provider, request)),
    read: unary((request: pb.ReadRequest) => read(provider, request)),
    update: unary((request: pb.UpdateRequest) => update(provider, request)),
    delete: unary((request: pb.DeleteRequest) => remove(provider, request)),
  };
}

function check(provider: Provider, request: pb.CheckRequest): pb.CheckResponse {
  const olds = opened(request.getOlds());
  const news = opened(request.getNews());
  const seed = request.getRandomseed_asU8();
  const answer = provider.check(
    subjectOf(request),
    olds.properties,
    news.properties,
    seed.length > 0 ? seed : crypto.getRandomValues(new Uint8Array(16)),
  );
  return new messages.CheckResponse()
    .setInputs(structOf(seal(answer.inputs, news.secret)))
    .setFailuresList(answer.failures.map(failureOf));
}

function diff(provider: Provider, request: pb.DiffRequest): pb.DiffResponse {
  const olds = opened(request.getOlds()).properties;
  const news = opened(request.getNews()).properties;
  return diffResponse(provider.diff(subjectOf(request), olds, news, request.getIgnorechangesList()));
}

function diffResponse({ changes, deleteBeforeReplace }: DiffAnswer): pb.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const names = (some: Change[]): string[] => [...new Set(some.map(({ path }) => topLevel(path)))].sort();
  const response = new messages.DiffResponse()
    .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setReplacesList(names(changes.filter(({ replaces }) => replaces)))
    .setDiffsList(names(changes))
    .setDeletebeforereplace(deleteBeforeReplace)
    .setHasdetaileddiff(true);
  const detailed = response.getDetaileddiffMap();
  for (const change of changes)
    detailed.set(change.path, new messages.PropertyDiff().setKind(kindOf(change)));
  return response;
}

function kindOf({ kind, replaces }: Change): pb.PropertyDiff.Kind {
  const { Kind } = messages.PropertyDiff;
  if (kind === "add") return replaces ? Kind.ADD_REPLACE : Kind.ADD;
  if (kind === "delete") return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
  return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}

async function create(provider: Provider, request: pb.CreateRequest): Promise<pb.CreateResponse> {
  const { properties, secret, texts } = opened(request.getProperties());
  const { id, state } = await guarded(secret, texts, () =>
    provider.create(subjectOf(request), properties, request.getPreview()),
  );
  return new messages.CreateResponse().setId(id).setProperties(structOf(seal(state, secret)));
}

async function read(provider: Provider, request: pb.ReadRequest): Promise<pb.ReadResponse> {
  const state = opened(request.getProperties());
  const inputs = opened(request.getInputs());
  const secret = union(state.secret, inputs.secret);
  const found = await guarded(secret, union(state.texts, inputs.texts), () =>
    provider.read(subjectOf(request), request.getId(), state.properties, inputs.properties),
  );
  // An answer without an id says that it is gone.
  if (!found) return new messages.ReadResponse();
  return new messages.ReadResponse()
    .setId(request.getId())
    .setProperties(structOf(seal(found.state, secret)))
    .setInputs(structOf(seal(found.inputs, secret)));
}

async function update(provider: Provider, request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
  const olds = opened(request.getOlds());
  const news = opened(request.getNews());
  // What the program no longer gives, and Docker keeps, stays as secret as it was.
  const kept = [...olds.secret].filter((name) => !(name in news.properties));
  const secret = union(news.secret, kept);
  const options = { ignored: request.getIgnorechangesList(), preview: request.getPreview() };
  const state = await guarded(secret, union(olds.texts, news.texts), () =>
    provider.update(subjectOf(request), request.getId(), olds.properties, news.properties, options),
  );
  return new messages.UpdateResponse().setProperties(structOf(seal(state, secret)));
}

async function remove(
  provider: Provider,
  request: pb.DeleteRequest,
): Promise<InstanceType<typeof empty.Empty>> {
  const { properties, secret, texts } = opened(request.getProperties());
  await guarded(secret, texts, () => provider.delete(subjectOf(request), request.getId(), properties));
  return new empty.Empty();
}

/** Lets no secret out with an error, neither in its words nor in the state that it carries. */
async function guarded<T>(secret: Set<string>, texts: Set<string>, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const message = redact(error instanceof Error ? error.message : String(error), texts);
    if (error instanceof InitFailed) throw new InitFailed(error.id, seal(error.properties, secret), message);
    throw new Error(message);
  }
}

function union<T>(...sets: Iterable<T>[]): Set<T> {
  return new Set(sets.flatMap((members) => [...members]));
}

function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(statusOf(error));
        },
      );
  };
}

function subjectOf(request: { getUrn(): string }): Subject {
  const urn = request.getUrn();
  const [, , types = "", ...name] = urn.split("::");
  return { urn, type: types.split("$").at(-1) ?? "", name: name.join("::") };
}

function opened(message: InstanceType<typeof struct.Struct> | undefined): Opened {
  const properties: unknown = message?.toJavaScript();
  return open(isObject(properties) ? properties : {});
}

function structOf(properties: Properties): InstanceType<typeof struct.Struct> {
  return struct.Struct.fromJavaScript(properties);
}

function failureOf({ property, reason }: Failure): pb.CheckFailure {
  return new messages.CheckFailure().setProperty(property).setReason(reason);
}
