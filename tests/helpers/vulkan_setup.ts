/** Runs once before the rings that use a GPU: makes their processes start with a driver that has an adapter. */
import { ensureDriver } from "../../scripts/setup";

export default function setup(): void {
  // Set by scripts/test.ts, which has looked already.
  if (process.env["DECOSCOPE_DRIVER"] !== undefined) return;
  const driver = ensureDriver();
  Object.assign(process.env, driver.env, { DECOSCOPE_DRIVER: driver.adapter });
}
