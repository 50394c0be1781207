/** Notes what a device is asked for while a test runs, without changing what happens. */

const WATCHED = ["createBuffer", "createBindGroup", "createComputePipelineAsync"] as const;

export interface Watched {
  /** Names of the calls so far, in order. */
  readonly made: readonly string[];
  /** Calls of queue.submit, and of mapAsync on any buffer. */
  readonly submits: number;
  readonly maps: number;
  stop(): void;
}

/** Puts `noted` in front of a method until the returned function is called. */
function intercept(object: object, name: string, noted: () => void): () => void {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const original = Reflect.get(object, name) as (this: unknown, ...args: unknown[]) => unknown;
  Object.defineProperty(object, name, {
    configurable: true,
    value(this: unknown, ...args: unknown[]) {
      noted();
      return original.apply(this, args);
    },
  });
  // Without a property of its own, the object shows what it inherits again.
  return () => (own ? Object.defineProperty(object, name, own) : Reflect.deleteProperty(object, name));
}

export function watchAllocations(device: GPUDevice): Watched {
  const made: string[] = [];
  const watched = { made, submits: 0, maps: 0, stop: () => undo.forEach((one) => one()) };
  const probe = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST });
  const bufferMethods = Object.getPrototypeOf(probe) as object;
  probe.destroy();
  const undo = [
    ...WATCHED.map((name) => intercept(device, name, () => made.push(name))),
    intercept(device.queue, "submit", () => watched.submits++),
    intercept(bufferMethods, "mapAsync", () => watched.maps++),
  ];
  return watched;
}
