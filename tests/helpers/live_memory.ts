/** What a device really holds: every buffer and texture it was asked for and that was not destroyed, whoever keeps account of them. */

export interface LiveMemory {
  /** Bytes of buffers by their size, and of textures of four f32 a texel. */
  bytes(): number;
  /** Buffers and textures. */
  count(): number;
  stop(): void;
}

type Made = GPUBuffer | GPUTexture;

/** Wraps the device until `stop`. Put in place before anything is made on it. */
export function watchLiveMemory(device: GPUDevice): LiveMemory {
  const live = new Map<Made, number>();
  const undo: (() => void)[] = [];
  const wrap = (name: "createBuffer" | "createTexture", bytesOf: (made: Made) => number): void => {
    const original = Reflect.get(device, name) as (this: GPUDevice, d: unknown) => Made;
    Object.defineProperty(device, name, {
      configurable: true,
      value(this: GPUDevice, descriptor: unknown): Made {
        const made = original.call(device, descriptor);
        live.set(made, bytesOf(made));
        const destroy = made.destroy.bind(made);
        Object.defineProperty(made, "destroy", {
          value: () => {
            live.delete(made);
            destroy();
          },
        });
        return made;
      },
    });
    undo.push(() => Reflect.deleteProperty(device, name));
  };
  wrap("createBuffer", (made) => (made as GPUBuffer).size);
  wrap("createTexture", (made) => {
    const { width, height, format } = made as GPUTexture;
    if (format !== "rgba32float") throw new Error(`nothing says how large texels of ${format} are`);
    return 16 * width * height;
  });
  return {
    bytes: () => [...live.values()].reduce((sum, b) => sum + b, 0),
    count: () => live.size,
    stop: () => undo.forEach((one) => one()),
  };
}
