/** The drawing of a tab, once its code is here. */
import { useEffect, useState } from "react";
import { report } from "../engine";
import type { ViewDefinition, ViewTab } from "../views/view";

/** Null while it is fetched; trouble with that is reported on the page. */
export function useView(tab: ViewTab): ViewDefinition | null {
  const [, setArrived] = useState<ViewTab | null>(null);
  const ready = tab.ready();
  useEffect(() => {
    if (!ready) tab.load().then(() => setArrived(tab), report);
  }, [tab, ready]);
  return ready;
}
