/** Where a hub of this machine is, and how a page served here reaches it: under its own address, as its policy demands. */
import type { ProxyOptions } from "vite";

export const HUB_PORT = 4175;
export const HUB_PATH = "/hub";

/** For servers of this machine only; the published page has nothing of it. */
export const hubProxy = (): Record<string, ProxyOptions> => ({
  [`^${HUB_PATH}/`]: { target: `http://127.0.0.1:${process.env["DECOSCOPE_HUB"] ?? HUB_PORT}` },
});
