/** Every text that `// @use` lines of shaders can name. */
import type { Includes } from "../engine/link";
import preludeF16 from "../../shaders/prelude.f16.wgsl?raw";
import preludeF32 from "../../shaders/prelude.f32.wgsl?raw";
import layouts from "../../shaders/include/layouts.wgsl?raw";
import rng from "../../shaders/include/rng.wgsl?raw";

export const includes: Includes = {
  "prelude.f32": preludeF32,
  "prelude.f16": preludeF16,
  layouts,
  rng,
};
