import { Bridge, type BridgeSettings } from "../../components/engine/bridge/bridge.ts";
import type { Colour } from "../../components/engine/colour.ts";
import { BRIDGE_USER } from "../../components/engine/users.ts";
import { CREDENTIALS, type BornServer } from "./bornServer.ts";

/** A bridge's settings for servers that were born for it. */
export function bridgeSettings({ blue, green }: Record<Colour, BornServer>): BridgeSettings {
  const login = { ...CREDENTIALS.replication, username: BRIDGE_USER };
  const end = ({ target }: BornServer) => ({ address: target.primary.operator, login });
  return { blue: end(blue), green: end(green) };
}

/** Runs a bridge beside such servers, in this process. */
export function startBridgeBeside(servers: Record<Colour, BornServer>): {
  bridge: Bridge;
  stopBridge: () => Promise<void>;
} {
  const bridge = new Bridge(bridgeSettings(servers));
  const running = bridge.run();
  return {
    bridge,
    async stopBridge() {
      await bridge.stop();
      await running;
    },
  };
}
