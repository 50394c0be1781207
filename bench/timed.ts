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

/**
 * Times the lists of `jobs` in turns, so that what else the machine does meets all alike, and disposes of them.
 * Returns their figures, whose `times` are sorted.
 */
export async function timedInTurns<Figures extends { readonly times: number[] }>(
  gpu: Gpu,
  jobs: readonly { readonly list: DispatchList; readonly figures: Figures }[],
  rounds: number,
): Promise<Figures[]> {
  for (let round = 0; round < rounds; round++)
    for (const { list, figures } of jobs) figures.times.push(await timed(gpu, list));
  return jobs.map(({ list, figures }) => {
    list.dispose();
    figures.times.sort((a, b) => a - b);
    return figures;
  });
}
