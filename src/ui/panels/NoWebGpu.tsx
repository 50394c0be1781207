/** Said before anything is pressed: this browser cannot run models, and what works all the same. */
import { hrefOf } from "../routes";
import { useEngine } from "../stores/engine";

export function NoWebGpu() {
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  if (hasWebGpu) return null;
  return (
    <p className="no-webgpu help" role="note" data-testid="no-webgpu">
      This browser has no WebGPU, which running a model needs. Recorded runs play all the same: choose a
      method, or one of the <a href={hrefOf("gallery")}>gallery</a>.
    </p>
  );
}
