/** Everything the page can do, by typing a part of its name: methods, problems, views, places, actions, races. Opened by Ctrl+K or Cmd+K. */
import * as Dialog from "@radix-ui/react-dialog";
import { useId, useState, type KeyboardEvent } from "react";
import { tasks } from "../../tasks";
import { methods } from "../definitions";
import { openRecordedRun, saveTrace } from "../files";
import { kindOf } from "../moment";
import { openMethod } from "../open_method";
import { places } from "../places/index";
import { togglePlay } from "../playback";
import { HOME, hrefOf } from "../routes";
import { startRun } from "../start_run";
import { report } from "../engine";
import {
  giveFocusBack,
  openDialog,
  openTour,
  setTheme,
  setView,
  useLayout,
  type Theme,
} from "../stores/layout";
import { useRun } from "../stores/run";
import { openProblem } from "../task_examples";
import { tabsFor } from "../views/index";
import "./palette.css";

interface Command {
  readonly group: string;
  readonly label: string;
  /** What is found beside the label, such as the authors of a paper. */
  readonly also: string;
  readonly act: () => void;
}

const goHome = (): void => {
  location.hash = hrefOf(HOME);
};

const THEMES: readonly { readonly theme: Theme; readonly label: string }[] = [
  { theme: "system", label: "As the system" },
  { theme: "light", label: "Light" },
  { theme: "dark", label: "Dark" },
];

/** All there is to do at the moment. */
function commands(): readonly Command[] {
  const onStage = (group: string, label: string, act: () => void, also = ""): Command => ({
    group,
    label,
    also,
    act: () => {
      goHome();
      act();
    },
  });
  const { latest } = useRun.getState();
  return [
    onStage("Action", "Run", () => void startRun()),
    onStage("Action", "One step", () => void startRun(true)),
    onStage("Action", "Play or pause", togglePlay),
    onStage("Action", "What am I looking at?", openTour),
    onStage("Action", "Share", () => openDialog("share"), "link"),
    { group: "Action", label: "Help", also: "keys signs", act: () => openDialog("help") },
    onStage("Action", "Save trace file", () => void saveTrace()),
    onStage("Action", "Show the recorded run", () => void openRecordedRun()),
    ...THEMES.map(({ theme, label }) => ({
      group: "Theme",
      label,
      also: "",
      act: () => setTheme(theme),
    })),
    ...places.map(({ id, label }) => ({
      group: "Place",
      label,
      also: "",
      act: () => {
        location.hash = hrefOf(id);
      },
    })),
    {
      group: "Place",
      label: "Measure this device",
      also: "benchmarks",
      act: () => {
        location.hash = hrefOf("benchmarks", "device");
      },
    },
    {
      group: "Place",
      label: "Measure ParallelBench here",
      also: "benchmarks",
      act: () => {
        location.hash = hrefOf("benchmarks", "measure");
      },
    },
    ...tabsFor(kindOf(latest)).map(({ head }) => onStage("View", head.label, () => setView(head.id))),
    ...methods.map(({ id, label, source }) =>
      onStage(
        "Method, with its example",
        label,
        () => void openMethod(id),
        `${source.title} ${source.authors}`,
      ),
    ),
    ...tasks.map(({ id, label, summary }) =>
      onStage("Problem, as a prompt", label, () => openProblem(id), `task ${summary}`),
    ),
    {
      group: "Race",
      label: "The run on the stage against another method",
      also: "compare",
      act: () => {
        import("../compare/actions").then(({ compareFrom }) => {
          compareFrom("stage");
          location.hash = hrefOf("compare");
        }, report);
      },
    },
  ];
}

/** Commands whose names hold every word that was typed; those whose label begins with it come first. */
export function found<C extends Pick<Command, "group" | "label" | "also">>(
  all: readonly C[],
  typed: string,
): readonly C[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const begins = (c: C): number => (c.label.toLowerCase().startsWith(words[0] ?? "") ? 0 : 1);
  return all
    .filter(({ group, label, also }) => {
      const text = `${group} ${label} ${also}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => begins(a) - begins(b));
}

function Search() {
  const id = useId();
  const [all] = useState(commands);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const shown = found(all, typed);
  const take = (command: Command | undefined): void => {
    if (!command) return;
    openDialog(null);
    command.act();
  };
  const onKeyDown = (e: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (by !== undefined && shown.length > 0) {
      const next = (at + by + shown.length) % shown.length;
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (e.key === "Enter") take(shown[at]);
    else return;
    e.preventDefault();
  };
  return (
    <>
      <input
        className="palette-input"
        role="combobox"
        aria-label="What to do"
        aria-expanded={shown.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}
        aria-autocomplete="list"
        placeholder="A method, an author, a problem, a view, a place…"
        autoFocus
        value={typed}
        onKeyDown={onKeyDown}
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
      />
      <p className="visually-hidden" role="status">
        {shown.length === 0 ? "Nothing of that name" : `${shown.length} found`}
      </p>
      {shown.length === 0 ? (
        <p className="help">Nothing of that name. Try a method, the author of a paper, or a place.</p>
      ) : (
        <ul className="palette-list" id={`${id}-list`} role="listbox" aria-label="What was found">
          {shown.map((command, i) => (
            <li
              key={`${command.group} ${command.label}`}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerMove={() => setAt(i)}
              onClick={() => take(command)}
            >
              {command.label}
              <span className="palette-group">{command.group}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

export function Palette() {
  const isOpen = useLayout((s) => s.dialog === "palette");
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => openDialog(open ? "palette" : null)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content
          onCloseAutoFocus={giveFocusBack}
          className="dialog palette"
          aria-describedby={undefined}
          data-testid="palette"
        >
          <Dialog.Title className="visually-hidden">Commands</Dialog.Title>
          <Search />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
