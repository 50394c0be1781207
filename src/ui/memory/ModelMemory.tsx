/** What one model holds on the GPU, for the place that describes it; nothing while it is not loaded. */
import { bytes } from "../format";
import { MemoryBar, MemoryFigures } from "./MemoryBar";
import { useMemory } from "./store";
import { heldByModels } from "./sums";

export function ModelMemory({ model }: { readonly model: string }) {
  const report = useMemory((s) => s.report);
  const held = heldByModels(report?.live ?? []).find((entry) => entry.model === model);
  if (!held) return null;
  return (
    <div className="model-memory" data-testid={`loaded-${model}`}>
      <p className="help">
        On the GPU now: <span className="figures">{bytes(held.bytes)}</span>. Its weights take another size
        there than in the file: kept in the bits chosen here and laid out for the kernels.
      </p>
      <MemoryBar held={held} full={held.bytes} />
      <MemoryFigures held={held} />
    </div>
  );
}
