/** Setup, stage and inspector side by side, with borders that can be moved. */
import { Group, Panel, Separator } from "react-resizable-panels";
import { Inspector } from "./panels/Inspector";
import { Setup } from "./panels/Setup";
import { Stage } from "./panels/Stage";

export function Columns() {
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
