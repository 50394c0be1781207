/** Every text that `// @use` lines of shaders can name. */
import type { Includes } from "../engine/link";
import preludeF16 from "../../shaders/prelude.f16.wgsl?raw";
import preludeF32 from "../../shaders/prelude.f32.wgsl?raw";
import active from "../../shaders/include/active.wgsl?raw";
import depthMemory from "../../shaders/include/depth_memory.wgsl?raw";
import decay from "../../shaders/include/decay.wgsl?raw";
import latent from "../../shaders/include/latent.wgsl?raw";
import layouts from "../../shaders/include/layouts.wgsl?raw";
import reduceSubgroup from "../../shaders/include/reduce.subgroup.wgsl?raw";
import reduceWorkgroup from "../../shaders/include/reduce.workgroup.wgsl?raw";
import rng from "../../shaders/include/rng.wgsl?raw";
import signals from "../../shaders/include/signals.wgsl?raw";
import statRow from "../../shaders/include/stat_row.wgsl?raw";
import tailRow from "../../shaders/include/tail_row.wgsl?raw";
import append from "../../shaders/include/append.wgsl?raw";
import commit from "../../shaders/include/commit.wgsl?raw";
import ranked from "../../shaders/include/ranked.wgsl?raw";
import residual from "../../shaders/include/residual.wgsl?raw";
import topList from "../../shaders/include/top_list.wgsl?raw";
import verdict from "../../shaders/include/verdict.wgsl?raw";
import visibilityBank from "../../shaders/include/visibility.bank.wgsl?raw";
import visibilityList from "../../shaders/include/visibility.list.wgsl?raw";
import visibilitySliding from "../../shaders/include/visibility.sliding.wgsl?raw";
import visibilityWindow from "../../shaders/include/visibility.window.wgsl?raw";
import lanesShared from "../../shaders/include/lanes.shared.wgsl?raw";
import lanesSingle from "../../shaders/include/lanes.single.wgsl?raw";
import lanesSubgroup from "../../shaders/include/lanes.subgroup.wgsl?raw";
import lanesWorkgroup from "../../shaders/include/lanes.workgroup.wgsl?raw";
import packF16 from "../../shaders/include/pack.f16.wgsl?raw";
import packF32 from "../../shaders/include/pack.f32.wgsl?raw";
import packInt4 from "../../shaders/include/pack.int4.wgsl?raw";
import packInt8 from "../../shaders/include/pack.int8.wgsl?raw";
import weightsF16 from "../../shaders/include/weights.f16.wgsl?raw";
import weightsF16Packed from "../../shaders/include/weights.f16_packed.wgsl?raw";
import weightsF32 from "../../shaders/include/weights.f32.wgsl?raw";
import f32Units from "../../shaders/include/f32_units.wgsl?raw";
import weightsF32Block from "../../shaders/include/weights.f32_block.wgsl?raw";
import weightsF32Texels from "../../shaders/include/weights.f32_texels.wgsl?raw";
import f16Scales from "../../shaders/include/f16_scales.wgsl?raw";
import f32Scales from "../../shaders/include/f32_scales.wgsl?raw";
import weightsInt4 from "../../shaders/include/weights.int4.wgsl?raw";
import weightsInt8 from "../../shaders/include/weights.int8.wgsl?raw";
import weightsInt8Masks from "../../shaders/include/weights.int8_masks.wgsl?raw";
import weightsInt8Dot from "../../shaders/include/weights.int8_dot.wgsl?raw";
import { withHeads } from "./head";
import { withTiles } from "./tile";

export const includes: Includes = withHeads(
  withTiles({
    "prelude.f32": preludeF32,
    "prelude.f16": preludeF16,
    active,
    decay,
    layouts,
    latent,
    signals,
    depth_memory: depthMemory,
    "reduce.subgroup": reduceSubgroup,
    "reduce.workgroup": reduceWorkgroup,
    rng,
    stat_row: statRow,
    tail_row: tailRow,
    append,
    commit,
    ranked,
    residual,
    top_list: topList,
    verdict,
    "visibility.bank": visibilityBank,
    "visibility.list": visibilityList,
    "visibility.sliding": visibilitySliding,
    "visibility.window": visibilityWindow,
    "lanes.shared": lanesShared,
    "lanes.single": lanesSingle,
    "lanes.subgroup": lanesSubgroup,
    "lanes.workgroup": lanesWorkgroup,
    "pack.f16": packF16,
    "pack.f32": packF32,
    "pack.int4": packInt4,
    "pack.int8": packInt8,
    "weights.f16": weightsF16,
    "weights.f16_packed": weightsF16Packed,
    "weights.f32": weightsF32,
    f32_units: f32Units,
    "weights.f32_block": weightsF32Block,
    "weights.f32_texels": weightsF32Texels,
    f16_scales: f16Scales,
    f32_scales: f32Scales,
    "weights.int4": weightsInt4,
    "weights.int8": weightsInt8,
    "weights.int8_dot": weightsInt8Dot,
    "weights.int8_masks": weightsInt8Masks,
  }),
);
