/** The recorded run on a card: fetched when the card comes near the window, then a picture and what the run wrote. */
import { useEffect, useRef, useState, type RefObject } from "react";
import { foldEvents } from "../../trace/fold";
import type { RunView } from "../../trace/view";
import { useFetched } from "../fetched";
import { plural } from "../format";
import { loadRecording } from "../recordings";
import { CardPicture } from "./CardPicture";

const SIZE = { width: 320, height: 120 };
/** Cards this far outside the window are made ready. */
const MARGIN = "400px";

/** Whether an element has come near the window. */
function useIsNear(ref: RefObject<HTMLElement | null>): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || isNear) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((e) => e.isIntersecting)) setNear(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, isNear]);
  return isNear;
}

async function loadView(method: string): Promise<RunView | null> {
  const events = await loadRecording(method);
  return events && foldEvents(events);
}

/** What a run cost, in counts that hold on every device. */
function costOf(view: RunView): string {
  const { tokens, targetForwards } = view.metrics;
  return `${plural(tokens, "token")} in ${plural(targetForwards, "pass", "passes")} of the model`;
}

export function CardRun({ method }: { readonly method: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isNear = useIsNear(box);
  const run = useFetched(isNear ? method : null, loadView);
  return (
    <div className="card-run" ref={box}>
      <div className="card-picture">
        {run.state === "failed" && <p className="help problem">{run.message}</p>}
        {run.state === "here" &&
          (run.value ? (
            <CardPicture view={run.value} size={SIZE} />
          ) : (
            <p className="help">
              No recorded run yet: <code>npm run record -- {method}</code> makes one.
            </p>
          ))}
      </div>
      {run.state === "here" && run.value && (
        <>
          <p className="card-text-line">
            <span className="text-prompt">{run.value.start?.prompt}</span>
            {run.value.text}
          </p>
          <p className="help figures">{costOf(run.value)}</p>
        </>
      )}
    </div>
  );
}
