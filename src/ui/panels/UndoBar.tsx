/** Where the last click that replaced or removed something is said and can be taken back. */
import { lazy, Suspense } from "react";
import { useUndo } from "../stores/undo";

const UndoOffer = lazy(async () => ({ default: (await import("./UndoOffer")).UndoOffer }));

export function UndoBar() {
  const last = useUndo((s) => s.last);
  return (
    // There before there is anything to say, so that screen readers hear it.
    <div className="undo-bar" role="status" data-testid="undo-bar">
      <Suspense fallback={null}>{last && <UndoOffer offer={last} />}</Suspense>
    </div>
  );
}
