/** A device with the models that were loaded onto it; shared by the worker and the headless runner. */
import { DecoscopeError } from "../base/errors";
import { type Gpu, openGpu, type OpenOptions } from "../engine/device";
import type { Engine } from "../engine/dispatch_list";
import { Memory } from "../engine/memory";
import { Pipelines } from "../engine/pipelines";
import { includes } from "../kernels/includes";
import type { CacheStorage } from "../kernels/cache";
import { defaultTuning, type Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import { type LoadedModel, loadModel } from "../models/load";
import type { ModelSource } from "../models/source";
import type { GpuModel } from "../runtime/gpu_model";
import { uploadModel } from "../runtime/upload_model";
import type { RunStartEvent } from "../trace/events";
import type { DeviceInfo, LoadProgress } from "./api";

/** A model in memory and on the device. */
export interface HostedModel {
  readonly id: string;
  readonly tokenizer: LoadedModel["tokenizer"];
  readonly gpu: GpuModel;
  /** Numbers in all weights together. */
  readonly parameters: number;
  /** How its weights are kept on the device. */
  readonly storage: WeightMatrix["storage"];
  /** How keys and values of its texts are kept. */
  readonly cacheStorage: CacheStorage;
}

/** What run_start says of models that are not kept in f32; nothing if there is none, so that such traces stay as they were. */
export function keptOf(models: readonly HostedModel[]): Pick<RunStartEvent, "kept"> {
  const kept = models
    .filter((m) => m.storage !== "f32" || m.cacheStorage !== "f32")
    .map(({ id, storage, cacheStorage }) => ({ model: id, storage, cacheStorage }));
  return kept.length > 0 ? { kept } : {};
}

/** What a model that the page does not know beforehand is loaded with. */
export interface LoadOptions {
  /** How its weights are kept on the device; as the host keeps them unless given. */
  readonly storage?: WeightMatrix["storage"];
  /** How keys and values of its texts are kept; as the host keeps them unless given. */
  readonly cacheStorage?: CacheStorage;
  /** Longest text it gets memory for. */
  readonly maxContext?: number;
}

/** Remembers small values between visits. */
export interface Remembered {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** Longest measurement of a new device; of ways to draw half as much more. */
const TUNE_BUDGET_MS = 1500;

export interface HostOptions extends OpenOptions {
  /** How weights are kept on the device. */
  readonly storage?: WeightMatrix["storage"];
  /** How keys and values of texts are kept on the device. */
  readonly cacheStorage?: CacheStorage;
}

export class EngineHost {
  private tuned: Promise<void> = Promise.resolve();
  /** Choices that no model so far could be measured by; null before the first. */
  private left: readonly string[] | null = null;
  /** What this device calculates wrongly, in words. */
  private avoided: readonly string[] = [];
  private readonly models = new Map<string, Promise<HostedModel>>();
  readonly memory: Memory;
  readonly engine: Engine;
  tuning: Tuning;

  /** @throws DecoscopeError "unsupported" or "limit" */
  static async open(gpu: GPU | undefined, options: HostOptions = {}): Promise<EngineHost> {
    return new EngineHost(await openGpu(gpu, options), options);
  }

  private constructor(
    readonly gpu: Gpu,
    private readonly options: HostOptions,
  ) {
    this.memory = new Memory(gpu);
    this.engine = { gpu, memory: this.memory, pipelines: new Pipelines(gpu, includes) };
    this.tuning = defaultTuning(gpu.features);
  }

  info(): DeviceInfo {
    const { features: f, device, adapter, isSoftware } = this.gpu;
    const names: [string, boolean][] = [
      ["shader-f16", f.f16],
      ["subgroups", f.subgroups],
      ["timestamp-query", f.timestamps],
      ["packed int8 dot product", f.packedDot],
    ];
    return {
      adapter,
      isSoftware,
      features: names.filter(([, has]) => has).map(([name]) => name),
      subgroupSize: f.subgroups && f.subgroupMin === f.subgroupMax ? f.subgroupMin : null,
      maxBufferBytes: device.limits.maxBufferSize,
      maxBindingBytes: device.limits.maxStorageBufferBindingSize,
      avoided: this.avoided,
    };
  }

  /**
   * Tries on small problems whether kernels calculate rightly here, and leaves out variants that do not. To be called before
   * models are loaded.
   * @throws DecoscopeError "unsupported" if even the plainest variants are wrong
   */
  async selfTest(remembered: Remembered): Promise<void> {
    const { selfTestOnce } = await import("../runtime/self_test");
    const browser = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? "";
    const { tuning, avoided } = await selfTestOnce(this.engine, this.tuning, browser, remembered);
    this.tuning = tuning;
    this.avoided = avoided;
  }

  /** Loads a model once; a failed load can be tried again. @throws DecoscopeError */
  load(
    id: string,
    source: ModelSource,
    onProgress: (p: LoadProgress) => void = () => {},
    signal?: AbortSignal,
    options: LoadOptions = {},
  ): Promise<HostedModel> {
    let loading = this.models.get(id);
    if (!loading) {
      loading = this.loadNow(id, source, onProgress, signal, options);
      this.models.set(id, loading);
      loading.catch(() => this.models.delete(id));
    }
    return loading;
  }

  /** @throws DecoscopeError "method" if the model was not loaded */
  model(id: string): Promise<HostedModel> {
    const loading = this.models.get(id);
    if (!loading) throw new DecoscopeError("method", `The model ${id} is not loaded. Load it first.`);
    return loading;
  }

  /** Whether the model is loaded or on its way. */
  has(id: string): boolean {
    return this.models.has(id);
  }

  /** Frees a model; runs that still use it fail. */
  async unload(id: string): Promise<void> {
    const loading = this.models.get(id);
    this.models.delete(id);
    (await loading?.catch(() => null))?.gpu.dispose();
  }

  private async loadNow(
    id: string,
    source: ModelSource,
    onProgress: (p: LoadProgress) => void,
    signal: AbortSignal | undefined,
    {
      storage = this.options.storage ?? "f32",
      cacheStorage = this.options.cacheStorage ?? "f32",
      maxContext,
    }: LoadOptions,
  ): Promise<HostedModel> {
    if (cacheStorage === "f16" && !this.gpu.features.f16)
      throw new DecoscopeError(
        "unsupported",
        `${id}: keys and values were to be kept as f16, but this device does not calculate with 16-bit numbers. Choose f32 or int8.`,
      );
    const loaded = await loadModel(source, {
      signal,
      maxContext,
      onProgress: (loadedBytes, totalBytes) =>
        onProgress({ model: id, stage: "download", loadedBytes, totalBytes }),
    });
    const done = { model: id, loadedBytes: loaded.sizeBytes, totalBytes: loaded.sizeBytes };
    onProgress({ ...done, stage: "upload" });
    const gpu = await uploadModel(this.engine, this.tuning, loaded, storage, cacheStorage);
    onProgress({ ...done, stage: "ready" });
    return {
      id,
      tokenizer: loaded.tokenizer,
      gpu,
      parameters: loaded.tensors.parameters,
      storage,
      cacheStorage,
    };
  }

  /**
   * Takes over the kernel variants that this device prefers: remembered ones, or else measured ones. What this model cannot be
   * measured by is left to the next that can. Software adapters keep the defaults, which were measured on them: there, compiling
   * takes longer than any choice saves.
   * @throws DecoscopeError "device_lost"
   */
  tuneFor(model: HostedModel, remembered: Remembered): Promise<void> {
    if (this.gpu.isSoftware) return Promise.resolve();
    // One after another: two measurements side by side would disturb each other.
    const tuning = this.tuned.then(() => this.tuneNow(model, remembered));
    this.tuned = tuning.catch(() => undefined);
    return tuning;
  }

  private async tuneNow(model: HostedModel, remembered: Remembered): Promise<void> {
    if (this.left?.length === 0) return;
    // Fetched when something is to be measured: software adapters keep the defaults.
    const { readTuned, tuneRest, tuningKey } = await import("../runtime/tuner");
    const key = tuningKey(this.engine);
    if (!this.left) {
      const known = readTuned(await remembered.get(key).catch(() => null));
      if (known) this.tuning = { ...this.tuning, choices: known.choices };
      this.left = known?.left ?? null;
    }
    const before = this.left?.length ?? Infinity;
    const { tuning, left } = await tuneRest(this.engine, this.tuning, model.gpu, this.left, TUNE_BUDGET_MS);
    this.tuning = tuning;
    this.left = left;
    // A browser without storage measures again next time.
    if (left.length < before)
      await remembered.set(key, { choices: tuning.choices, left }).catch(() => undefined);
  }

  /** Frees everything, the device too. */
  destroy(): void {
    this.models.clear();
    this.gpu.destroy();
  }
}
