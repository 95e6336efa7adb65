import { Bridge, type BridgeOptions, type BridgeSettings } from "../../components/engine/bridge/bridge.ts";
import type { Colour } from "../../components/engine/colour.ts";
import { BRIDGE_USER } from "../../components/engine/users.ts";
import { CREDENTIALS, type BornServer } from "./bornServer.ts";

/** A bridge's settings for servers that were born for it. */
export function bridgeSettings({ blue, green }: Record<Colour, BornServer>): BridgeSettings {
  const login = { ...CREDENTIALS.replication, username: BRIDGE_USER };
  const end = ({ target }: BornServer) => ({ address: target.primary.operator, login });
  return { blue: end(blue), green: end(green) };
}

/** Runs a bridge in this process, and returns how to stop it. */
export function runBridge(
  settings: BridgeSettings,
  options?: BridgeOptions,
): { bridge: Bridge; stop: () => Promise<void> } {
  const bridge = new Bridge(settings, options);
  const running = bridge.run();
  return {
    bridge,
    async stop() {
      await bridge.stop();
      await running;
    },
  };
}
