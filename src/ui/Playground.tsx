/** Where runs are made and seen: setup, stage, inspector side by side, or one under the other where it is narrow. */
import { useEffect } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";
import { listenToKeys } from "./keys";
import { DropTarget } from "./panels/DropTarget";
import { Inspector } from "./panels/Inspector";
import { LiveRegion } from "./panels/LiveRegion";
import { Setup } from "./panels/Setup";
import { Stage } from "./panels/Stage";
import { useIsWide } from "./panels/use_wide";
import { useLayout } from "./stores/layout";

function Columns() {
  return (
    <Group className="columns" orientation="horizontal" id="columns">
      <Panel
        id="setup"
        defaultSize={292}
        minSize={240}
        maxSize={420}
        groupResizeBehavior="preserve-pixel-size"
      >
        <section className="column" aria-label="Setup">
          <Setup />
        </section>
      </Panel>
      <Separator className="separator" aria-label="Width of the setup column" />
      <Panel id="stage" minSize={420}>
        <section className="column" aria-label="Stage">
          <Stage />
        </section>
      </Panel>
      <Separator className="separator" aria-label="Width of the inspector column" />
      <Panel
        id="inspector"
        defaultSize={328}
        minSize={260}
        maxSize={480}
        groupResizeBehavior="preserve-pixel-size"
      >
        <section className="column" aria-label="Inspector">
          <Inspector />
        </section>
      </Panel>
    </Group>
  );
}

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
      {isWide ? <Columns /> : <Folded />}
      <LiveRegion />
      <DropTarget />
    </>
  );
}
