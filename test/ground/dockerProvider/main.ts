// Stand-in for the official plugin resource-docker 5.2.0, for test machines that can't download it. Never shipped.

import { Provider } from "./provider.ts";
import { serve } from "./server.ts";

// The engine may put flags of its own before its address.
await serve(
  new Provider(),
  process.argv.slice(2).findLast((argument) => /^[^-].*:\d+$/.test(argument)),
);
