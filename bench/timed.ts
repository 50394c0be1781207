/** How long the device takes for recorded dispatches, by the clock of this process. */
import type { Gpu } from "../src/engine/device";
import type { DispatchList } from "../src/engine/dispatch_list";

/** Milliseconds from the submit to the end of all of them. */
export async function timed(gpu: Gpu, list: DispatchList): Promise<number> {
  const encoder = gpu.device.createCommandEncoder({ label: "bench" });
  list.encode(encoder);
  const commands = encoder.finish();
  const start = performance.now();
  gpu.device.queue.submit([commands]);
  await gpu.device.queue.onSubmittedWorkDone();
  return performance.now() - start;
}
