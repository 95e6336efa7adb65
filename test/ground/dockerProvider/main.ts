// Stand-in for the official plugin resource-docker 5.2.0, for test machines that can't download it. Never shipped.

import { Provider } from "./provider.ts";
import { serve } from "./server.ts";

await serve(new Provider());
