import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Properties } from "./properties.ts";

/** A container's properties as @pulumi/docker types them, all known. */
export type ContainerProperties = pulumi.Unwrap<docker.ContainerState>;

/** Properties that `validate` has checked against the container's schema. */
export function asContainer(properties: Properties): ContainerProperties {
  return properties;
}
