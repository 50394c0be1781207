/** Where runs are made and seen: setup, stage, inspector side by side, or one under the other where it is narrow. */
import { lazy, Suspense, useEffect } from "react";
import { listenToKeys } from "./keys";
import { DropTarget } from "./panels/DropTarget";
import { Inspector } from "./panels/Inspector";
import { LiveRegion } from "./panels/LiveRegion";
import { Setup } from "./panels/Setup";
import { Stage } from "./panels/Stage";
import { isWideNow, useIsWide } from "./panels/use_wide";
import { useLayout } from "./stores/layout";

/** Fetched by windows that are wide enough; phones do without the code that moves borders. */
const loadColumns = async () => ({ default: (await import("./Columns")).Columns });
const Columns = lazy(loadColumns);

/** Fetches what a window of this width needs beside the page's own script. */
export const loadLayout = async (): Promise<void> => {
  if (isWideNow()) await loadColumns();
};

function Folded() {
  const hasChosen = useLayout((s) => s.pinned !== null);
  return (
    <div className="folded">
      <section aria-label="Stage">
        <Stage hasChosen={hasChosen} />
      </section>
      <section aria-label="Inspector">
        <Inspector isChosenElsewhere={hasChosen} />
      </section>
      <section aria-label="Setup">
        <Setup />
      </section>
    </div>
  );
}

export function Playground() {
  const isWide = useIsWide();
  useEffect(listenToKeys, []);
  return (
    <>
      {isWide ? (
        <Suspense>
          <Columns />
        </Suspense>
      ) : (
        <Folded />
      )}
      <LiveRegion />
      <DropTarget />
    </>
  );
}
