/** A WebGPU device in Node for one test file. Every test runs inside error scopes; no adapter is a failure, not a skip. */
import { create, globals } from "webgpu";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type Gpu, type OpenOptions, openGpu } from "../../src/engine/device";

Object.assign(globalThis, globals);

const SCOPES: readonly GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];

/** Node's WebGPU entry point, as `navigator.gpu` in a page. */
export const nodeGpu: GPU = create([]);

/**
 * Opens a device before the first test of the file and destroys it after the last. Read `gpu()` inside tests only.
 * A test fails if the device reports an error that the test itself did not catch in a scope of its own.
 */
export function useGpu(options: OpenOptions = {}): () => Gpu {
  let opened: Gpu | undefined;
  let uncaptured: string[] = [];
  const gpu = (): Gpu => {
    if (!opened) throw new Error("gpu() is for tests and hooks of this file: the device is not open here.");
    return opened;
  };

  beforeAll(async () => {
    opened = await openGpu(nodeGpu, options).catch((error: unknown) => {
      throw new Error(
        "No GPU device in Node. The tests need a Vulkan driver that Dawn accepts; `npm run setup` finds or installs one.",
        { cause: error },
      );
    });
    opened.onUncaptured.add((error) => uncaptured.push(`${error.message} ${error.detail ?? ""}`));
  });
  beforeEach(() => {
    uncaptured = [];
    for (const scope of SCOPES) gpu().device.pushErrorScope(scope);
  });
  afterEach(async () => {
    const { device } = gpu();
    const found: string[] = [];
    for (let i = 0; i < SCOPES.length; i++) {
      const error = await device.popErrorScope();
      if (error) found.push(error.message);
    }
    const all = [...found, ...uncaptured];
    if (all.length > 0)
      throw new Error(`The GPU reported ${String(all.length)} error(s):\n${all.join("\n")}`);
  });
  afterAll(() => {
    opened?.destroy();
    opened = undefined;
  });
  return gpu;
}
