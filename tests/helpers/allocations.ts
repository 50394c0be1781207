/** Notes what is made on a device while a test runs, without changing what happens. */

const WATCHED = ["createBuffer", "createBindGroup", "createComputePipelineAsync"] as const;

export interface Watched {
  /** Names of the calls so far, in order. */
  readonly made: string[];
  stop(): void;
}

export function watchAllocations(device: GPUDevice): Watched {
  const made: string[] = [];
  for (const name of WATCHED) {
    const original = device[name].bind(device) as (...args: unknown[]) => unknown;
    Object.defineProperty(device, name, {
      configurable: true,
      value: (...args: unknown[]) => {
        made.push(name);
        return original(...args);
      },
    });
  }
  return {
    made,
    stop() {
      // The device's own methods show again once these are gone.
      for (const name of WATCHED) Reflect.deleteProperty(device, name);
    },
  };
}
