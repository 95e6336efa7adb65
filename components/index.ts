/** Public surface of the package. */
export { RedisBlueGreen, type RedisBlueGreenNaming } from "./redisBlueGreen.ts";
export type {
  AuthArgs,
  BridgeArgs,
  BridgeUse,
  ColourArgs,
  DeploymentArgs,
  DirectoryArgs,
  EndpointArgs,
  ExistingServerArgs,
  Persistence,
  Platform,
  Product,
  RedisBlueGreenArgs,
} from "./arguments.ts";
export type { BakeSettings } from "./engine/bake/bakeSettings.ts";
export type { Colour } from "./engine/colour.ts";
export { DEFAULT_GUARDRAILS, type Guardrails } from "./engine/guardrails.ts";
export type { UpdateReport } from "./engine/report/updateReport.ts";
