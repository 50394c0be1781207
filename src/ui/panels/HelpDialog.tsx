/** Keys and signs. */
import * as Dialog from "@radix-ui/react-dialog";
import { useIsCanvasRun } from "../moment";
import { LICENCES } from "../routes";
import { giveFocusBack, openDialog, useLayout } from "../stores/layout";
import { useOffline } from "../stores/offline";
import { CELL_STATES } from "../views/canvas/cells";
import { STATE_HELP, STATE_NAME } from "../views/canvas/signs";
import { Glyph, SIGN_HELP, SIGN_NAME, type Sign } from "../views/glyphs";
import { CloseIcon } from "./icons";
import "../styles/canvas.css";
import "./help.css";

/** Keys that work anywhere on the page, except while typing. */
const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["Space"], "play or pause"],
  [["→"], "step forward; at the end of a live run, run one step"],
  [["←"], "step back"],
  [["Home"], "to the prompt"],
  [["End"], "to the newest step"],
  [["R"], "run with the settings on the left"],
  [["U"], "from a branch, back to the run it left"],
  [["Ctrl", "K"], "find any method, view, place or action by its name"],
  [["Ctrl", "Z"], "take back the last click that replaced or removed something"],
  [["?"], "this list"],
  [["Esc"], "let go of what is chosen"],
];
const TREE_KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["←", "→"], "to the parent, to the first child"],
  [["↑", "↓"], "to the neighbour at the same depth"],
  [["Enter"], "keep a node in the inspector and go to what can be done with it"],
  [["Enter", "Enter"], "force a token that was not taken: a branch of the run"],
];
const CANVAS_KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["←", "→"], "to the position before, to the next one"],
  [
    ["↑", "↓"],
    "in the text and on the map: one step back, one forward; among the cells: one row up, one down",
  ],
  [["Enter"], "keep a position in the inspector, whatever the step"],
];
const SIGNS: readonly Sign[] = [
  "accepted",
  "rejected",
  "not_reached",
  "drafted",
  "residual",
  "bonus",
  "target",
  "forced",
];

function Keys({ keys }: { readonly keys: typeof KEYS }) {
  return (
    <dl className="keys">
      {keys.map(([names, does]) => (
        <div key={does}>
          <dt>
            {names.map((n) => (
              <kbd key={n}>{n}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}

const SignWords = ({ name, help }: { readonly name: string; readonly help: string }) => (
  <span>
    {name} <span className="help">{help}</span>
  </span>
);

function Offline() {
  const isStored = useOffline((s) => s.isStored);
  return (
    <>
      <h3 className="section-name">Without a network</h3>
      <p className="help" data-testid="offline">
        {isStored
          ? "The page, its models and its recorded runs are stored on this device: all of it works without a network."
          : "The page is not stored on this device yet. Where the browser allows it, that happens by itself during the first visit."}
      </p>
    </>
  );
}

export function HelpDialog() {
  const isOpen = useLayout((s) => s.dialog === "help");
  const isCanvas = useIsCanvasRun();
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => openDialog(open ? "help" : null)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content onCloseAutoFocus={giveFocusBack} className="dialog">
          <Dialog.Title>Help</Dialog.Title>
          <Dialog.Description className="help">
            {isCanvas
              ? "The text is a canvas of positions, all masked but the prompt. In every step the model reads the whole canvas and says what might stand at each mask; the method decides which of these proposals to commit, and the next step sees them. Nothing is written from left to right unless the method wants it so."
              : "A small draft model proposes a tree of continuations; the target model reads the whole tree in one pass, keeps one path of it and adds one token of its own."}
          </Dialog.Description>
          <h3 className="section-name">Signs</h3>
          <ul className="signs">
            {isCanvas
              ? CELL_STATES.filter((s) => s !== "prompt").map((state) => (
                  <li key={state}>
                    <span className="legend-cell" data-state={state} />
                    <SignWords name={STATE_NAME[state]} help={STATE_HELP[state]} />
                  </li>
                ))
              : SIGNS.map((sign) => (
                  <li key={sign}>
                    <svg width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">
                      <Glyph sign={sign} r={6} />
                    </svg>
                    <SignWords name={SIGN_NAME[sign]} help={SIGN_HELP[sign]} />
                  </li>
                ))}
          </ul>
          <h3 className="section-name">Keys</h3>
          <Keys keys={KEYS} />
          <h3 className="section-name">{isCanvas ? "On a position" : "In the tree"}</h3>
          <Keys keys={isCanvas ? CANVAS_KEYS : TREE_KEYS} />
          <Offline />
          <h3 className="section-name">What it is made of</h3>
          <p className="help">
            Decoscope is free software under the Apache Licence 2.0.{" "}
            <a href={LICENCES}>Licences of everything in this page</a>
          </p>
          <Dialog.Close className="quiet square dialog-close" aria-label="Close">
            <CloseIcon />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
