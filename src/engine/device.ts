/** Getting a device with what it can do, and one path for everything that can go wrong with it. */
import { DecoscopeError } from "../base/errors";

/** What kernels may rely on; each is used where present and never required. */
export interface DeviceFeatures {
  readonly f16: boolean;
  readonly subgroups: boolean;
  readonly timestamps: boolean;
  /** WGSL `dot4I8Packed`. */
  readonly packedDot: boolean;
  /** Widths a subgroup can have; both 0 without subgroups. */
  readonly subgroupMin: number;
  readonly subgroupMax: number;
}

export interface Gpu {
  readonly device: GPUDevice;
  /** Kept alive here: in Node the device stops answering once its instance is collected. */
  readonly instance: GPU;
  readonly features: DeviceFeatures;
  /** Vendor, architecture and description, for people. */
  readonly adapter: string;
  readonly isSoftware: boolean;
  /** Settles once, when the device is gone: with an error if it was lost, with null if {@link Gpu.destroy} was called. */
  readonly lost: Promise<DecoscopeError | null>;
  /** Called with errors that no scope caught; whoever has work on the device adds itself while it has. */
  readonly onUncaptured: Set<(error: DecoscopeError) => void>;
  destroy(): void;
}

export interface OpenOptions {
  /** Behave as if these were missing; for tests of the fallbacks. */
  readonly without?: readonly ("f16" | "subgroups" | "timestamps" | "packedDot" | "limits")[];
  readonly powerPreference?: GPUPowerPreference;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render|cpu/i;

/**
 * A device with the adapter's own buffer limits and every optional feature it has.
 * @throws DecoscopeError "unsupported" without WebGPU or an adapter, "limit" if not even default limits are granted
 */
export async function openGpu(gpu: GPU | undefined, options: OpenOptions = {}): Promise<Gpu> {
  if (!gpu) {
    throw new DecoscopeError(
      "unsupported",
      "This browser has no WebGPU. Use a current Chrome or Edge, Safari 26, or Firefox 141 and later. Recorded runs can be watched without it.",
    );
  }
  const adapter = await gpu.requestAdapter({
    powerPreference: options.powerPreference ?? "high-performance",
  });
  if (!adapter) {
    throw new DecoscopeError(
      "unsupported",
      "WebGPU is there but offers no adapter: the graphics driver may be blocked or hardware acceleration switched off in the browser's settings. Recorded runs can be watched without it.",
    );
  }
  const without = new Set<string>(options.without);
  const has = (name: string): boolean => adapter.features.has(name);
  const wanted: [string, string][] = [
    ["f16", "shader-f16"],
    ["subgroups", "subgroups"],
    ["timestamps", "timestamp-query"],
  ];
  const requiredFeatures = wanted
    .filter(([k, name]) => !without.has(k) && has(name))
    .map(([, name]) => name as GPUFeatureName);
  const requiredLimits: Record<string, number> = without.has("limits")
    ? {}
    : {
        maxBufferSize: adapter.limits.maxBufferSize,
        maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      };
  const label = "decoscope";
  const device = await adapter
    .requestDevice({ label, requiredFeatures, requiredLimits })
    // Some drivers refuse what they advertise: default limits and no extras still run everything.
    .catch(async () => {
      // An adapter gives one device; another try needs another adapter.
      const again = await gpu.requestAdapter();
      if (!again) throw new Error("no adapter the second time");
      return again.requestDevice({ label });
    })
    .catch((e: unknown) => {
      throw new DecoscopeError(
        "limit",
        "The adapter refused a device even with default limits. Close other tabs that use the GPU and reload.",
        String(e),
      );
    });

  const info = adapter.info;
  const description =
    [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") ||
    "unnamed adapter";
  const subgroups = device.features.has("subgroups");
  const sizes = info as { subgroupMinSize?: number; subgroupMaxSize?: number };
  let destroyed = false;
  const opened: Gpu = {
    device,
    instance: gpu,
    adapter: description,
    isSoftware:
      SOFTWARE.test(description) || (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true,
    features: {
      f16: device.features.has("shader-f16"),
      subgroups,
      timestamps: device.features.has("timestamp-query"),
      packedDot: !without.has("packedDot") && gpu.wgslLanguageFeatures.has("packed_4x8_integer_dot_product"),
      subgroupMin: subgroups ? (sizes.subgroupMinSize ?? 4) : 0,
      subgroupMax: subgroups ? (sizes.subgroupMaxSize ?? 128) : 0,
    },
    onUncaptured: new Set(),
    lost: device.lost.then((l) =>
      destroyed
        ? null
        : new DecoscopeError(
            "device_lost",
            "The GPU device was lost, most often because memory ran short or the driver restarted. What was decoded is kept; restart the engine to go on.",
            l.message,
          ),
    ),
    destroy() {
      destroyed = true;
      device.destroy();
    },
  };
  device.addEventListener("uncapturederror", (event) => {
    const e = event.error;
    const outOfMemory = "GPUOutOfMemoryError" in globalThis && e instanceof GPUOutOfMemoryError;
    const error = outOfMemory
      ? new DecoscopeError(
          "limit",
          "The GPU ran out of memory. Close other tabs or choose a smaller model or context.",
          e.message,
        )
      : new DecoscopeError(
          "shader",
          "The GPU reported an error that nothing expected; the run was ended.",
          e.message,
        );
    for (const listener of opened.onUncaptured) listener(error);
  });
  return opened;
}

/**
 * How the device went away, asked after something on it has failed; null if it is still there. What fails is heard of a moment
 * before the loss is announced, so this waits for a tenth of a second.
 */
export function lossOf({ lost }: Gpu): Promise<DecoscopeError | null> {
  const closed = new DecoscopeError("device_lost", "The GPU device was closed while it was at work.");
  const timeout = new Promise<null>((resolve) => setTimeout(() => resolve(null), 100));
  return Promise.race([lost.then((e) => e ?? closed), timeout]);
}
