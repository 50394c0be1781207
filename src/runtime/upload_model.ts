/** A loaded model onto the device, by its architecture. */
import type { Engine } from "../engine/dispatch_list";
import type { Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { LoadedModel } from "../models/load";
import { GpuLlama } from "./gpu_llama";
import type { GpuModel } from "./gpu_model";
import { GpuRecurrent } from "./gpu_recurrent";

/** @throws DecoscopeError "limit" if the device has no room */
export function uploadModel(
  engine: Engine,
  tuning: Tuning,
  loaded: LoadedModel,
  storage: WeightMatrix["storage"],
): Promise<GpuModel> {
  return loaded.config.architecture === "recurrent-depth"
    ? GpuRecurrent.upload(engine, tuning, loaded, storage)
    : GpuLlama.upload(engine, tuning, loaded, storage);
}
