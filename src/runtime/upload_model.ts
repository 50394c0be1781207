/** A loaded model onto the device, by its architecture. */
import type { Engine } from "../engine/dispatch_list";
import type { CacheStorage } from "../kernels/cache";
import type { Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { LoadedModel } from "../models/load";
import { GpuDecoder } from "./gpu_decoder";
import type { GpuModel } from "./gpu_model";

/**
 * The code of recurrent and state-space models is fetched with the first of them: the page's start does without.
 * @throws DecoscopeError "limit" if the device has no room
 */
export async function uploadModel(
  engine: Engine,
  tuning: Tuning,
  loaded: LoadedModel,
  storage: WeightMatrix["storage"],
  cacheStorage: CacheStorage = "f32",
): Promise<GpuModel> {
  // Waited for before anything is allocated; each tensor is read when its matrix is made.
  await loaded.tensors.arrive();
  const { architecture } = loaded.config;
  if (architecture === "mixture-of-recursions") {
    const { GpuMor } = await import("./gpu_mor");
    return GpuMor.upload(engine, tuning, loaded, storage, cacheStorage);
  }
  if (architecture === "ouro") {
    const { GpuLooped } = await import("./gpu_looped");
    return GpuLooped.upload(engine, tuning, loaded, storage, cacheStorage);
  }
  if (architecture === "mamba2") {
    const { GpuMamba } = await import("./gpu_mamba");
    return GpuMamba.upload(engine, tuning, loaded, storage);
  }
  if (architecture !== "recurrent-depth")
    return GpuDecoder.upload(engine, tuning, loaded, storage, cacheStorage);
  const { GpuRecurrent } = await import("./gpu_recurrent");
  return GpuRecurrent.upload(engine, tuning, loaded, storage, cacheStorage);
}
