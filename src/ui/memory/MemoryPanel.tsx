/** The account of the GPU's memory: what each loaded model holds, what they share, all together, and the most there was at once. */
import type { MemoryReport } from "../../worker/api";
import { labelOf } from "../definitions";
import { bytes, count } from "../format";
import { useEngine } from "../stores/engine";
import { MemoryBar, MemoryFigures } from "./MemoryBar";
import { useMemory, useMemoryWatch } from "./store";
import { type Held, heldBy, heldByModels, USE_HELP, USE_LABEL, USES } from "./sums";
import "./memory.css";

/** Where other parts of the page lead to. */
export const MEMORY_SECTION = "gpu-memory";

interface EntryProps {
  readonly name: string;
  readonly testId: string;
  readonly held: Held;
  readonly full: number;
}

function Entry({ name, testId, held, full }: EntryProps) {
  return (
    <li className="memory-entry" data-testid={testId} data-bytes={held.bytes}>
      <h4>
        {name}{" "}
        <span className="figures">
          {bytes(held.bytes)} <span className="help">{count(held.bytes)} bytes</span>
        </span>
      </h4>
      <MemoryBar held={held} full={full} />
      <MemoryFigures held={held} />
    </li>
  );
}

function Key() {
  return (
    <dl className="memory-key help">
      {USES.map((use) => (
        <div key={use}>
          <dt>
            <span className="memory-swatch" data-use={use} aria-hidden="true" /> {USE_LABEL[use]}
          </dt>
          <dd>{USE_HELP[use]}</dd>
        </div>
      ))}
    </dl>
  );
}

export function MemoryEntries({ report }: { readonly report: MemoryReport }) {
  const { live, peak } = report;
  const now = heldBy(live);
  const most = heldBy(peak);
  const full = most.bytes;
  return (
    <>
      <ul className="memory-entries">
        {heldByModels(live).map((held) => (
          <Entry
            key={held.model ?? ""}
            name={held.model === null ? "Shared by the models of a run" : labelOf(held.model)}
            testId={`memory-of-${held.model ?? "shared"}`}
            {...{ held, full }}
          />
        ))}
        <Entry name="All of it, now" testId="memory-now" held={now} full={full} />
        <Entry name="The most at once, so far" testId="memory-most" held={most} full={full} />
      </ul>
      <Key />
    </>
  );
}

function Content() {
  const report = useMemory((s) => s.report);
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  if (!hasWebGpu)
    return <p className="help">This browser has no WebGPU: no model can be loaded, so nothing is held.</p>;
  if (!report || report.live.length === 0)
    return (
      <p className="help" data-testid="memory-empty">
        No model is loaded, so nothing is held. A model is loaded with the first run that asks for it.
      </p>
    );
  return <MemoryEntries report={report} />;
}

export function MemoryPanel() {
  useMemoryWatch();
  return (
    <section
      className="memory models-part"
      id={MEMORY_SECTION}
      tabIndex={-1}
      aria-label="Memory on the GPU"
      data-testid="memory"
    >
      <h3>Memory on the GPU</h3>
      <p>
        Bytes this page holds there, counted where they are allocated. Weights stay as long as their model is
        loaded; cache and scratch come with a text and go with its run or conversation.
      </p>
      <Content />
    </section>
  );
}
