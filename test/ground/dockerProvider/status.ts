import grpc from "@grpc/grpc-js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import { InitFailed } from "./provider.ts";

/** The error as gRPC carries it; one that left a resource behind takes its id, state and reasons along. */
export function statusOf(error: unknown): Partial<grpc.ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  const code = grpc.status.UNKNOWN;
  if (!(error instanceof InitFailed)) return { code, message, details: message };
  const detail = new messages.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(struct.Struct.fromJavaScript(error.properties))
    .setReasonsList([message]);
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const whole = new status.Status().setCode(code).setMessage(message).setDetailsList([packed]);
  const metadata = new grpc.Metadata();
  // The agreed place for structured errors, which the Go side of gRPC reads by itself.
  metadata.set("grpc-status-details-bin", Buffer.from(whole.serializeBinary()));
  return { code, message, details: message, metadata };
}
