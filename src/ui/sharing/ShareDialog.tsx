/** Passes on what is on the stage: as a link with the recording or with settings only, or as a file. */
import * as Dialog from "@radix-ui/react-dialog";
import * as RadioGroup from "@radix-ui/react-radio-group";
import { useId, useState } from "react";
import { count, listed, plural } from "../format";
import { CloseIcon } from "../panels/icons";
import { makeLink, type LinkKind } from "../share_link";
import { giveFocusBack, openDialog, useLayout } from "../stores/layout";
import { useRun } from "../stores/run";
import { CopyRow } from "./CopyRow";
import { EmbedSnippet } from "./EmbedSnippet";
import { lackOf } from "./lack";
import { tooLongFor } from "./link_length";
import { SaveReplay } from "./SaveReplay";
import "./sharing.css";

const KINDS: readonly { readonly kind: LinkKind; readonly label: string; readonly help: string }[] = [
  {
    kind: "run",
    label: "This run, as it is",
    help: "Settings and recording. Shows the same on any device, without WebGPU too.",
  },
  {
    kind: "settings",
    label: "The settings of this run",
    help: "Short. The run is made again by whoever opens it, and compared with this one.",
  },
  {
    kind: "setup",
    label: "The settings in the setup column",
    help: "Short. For a run that has not been made yet.",
  },
];

/** What a link holds, in words. */
function contentsOf(kind: LinkKind): string {
  const settings = "model, method and its parameters, sampling, prompt, length, seed and the open drawing";
  if (kind !== "run") return `It holds settings: ${settings}.`;
  const { metrics, rounds } = useRun.getState().latest;
  return `It holds settings (${settings}) and the recording: ${plural(metrics.tokens, "token")} in ${plural(rounds.length, "step")}, with all that was proposed, tested and likely.`;
}

/** Where a link of this length does not go; empty if nothing is known to stop it. */
function lengthWords(length: number): string {
  const { messages, browsers } = tooLongFor(length);
  if (browsers.length > 0)
    return ` No address can be this long in ${listed(browsers)}: save the file instead.`;
  if (messages.length > 0) return ` Too long for ${listed(messages, "or")}.`;
  return "";
}

/** The link as the run is now, with what it holds and after how many steps it was made. */
const linkNow = (kind: LinkKind) => ({
  kind,
  link: makeLink(kind),
  contents: contentsOf(kind),
  made: useRun.getState().latest.rounds.length,
});

function ShareForm() {
  const hasRun = useRun((s) => s.length > 0);
  const steps = useRun((s) => s.latest.rounds.length);
  // Made when the dialog opens, the choice changes or it is asked for, not with every event of a live run.
  const [{ kind, link, contents, made }, make] = useState(() => linkNow(hasRun ? "run" : "setup"));
  const id = useId();
  const lack = kind === "run" ? lackOf(made, steps) : null;
  return (
    <>
      <RadioGroup.Root
        className="choices"
        aria-label="What the link holds"
        value={kind}
        onValueChange={(value) => make(linkNow(KINDS.find((k) => k.kind === value)?.kind ?? "setup"))}
      >
        {KINDS.map((k) => (
          <div key={k.kind} className="choice">
            <RadioGroup.Item
              id={`${id}-${k.kind}`}
              value={k.kind}
              className="radio"
              disabled={!hasRun && k.kind !== "setup"}
              aria-describedby={`${id}-${k.kind}-help`}
            >
              <RadioGroup.Indicator className="radio-dot" />
            </RadioGroup.Item>
            <label htmlFor={`${id}-${k.kind}`}>{k.label}</label>
            <p id={`${id}-${k.kind}-help`} className="help">
              {k.help}
            </p>
          </div>
        ))}
      </RadioGroup.Root>
      <CopyRow name="Link" action="Copy link" testId="share-link" value={link} isPrimary>
        <span className="figures" data-testid="link-length">
          {count(link.length)} characters.
        </span>
        {lengthWords(link.length)}
      </CopyRow>
      <p className="help" data-testid="link-holds">
        {contents}
      </p>
      {lack !== null && (
        <p className="help" data-testid="link-lacks">
          {lack}{" "}
          <button type="button" className="quiet" onClick={() => make(linkNow(kind))}>
            Update
          </button>
        </p>
      )}
      <p className="help">Everything is in the link itself, after the #; no server sees it.</p>
      {kind === "run" && (
        <>
          <SaveReplay key={link} isAdvised={lengthWords(link.length) !== ""} />
          <EmbedSnippet link={link} />
        </>
      )}
    </>
  );
}

export function ShareDialog() {
  const isOpen = useLayout((s) => s.dialog === "share");
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => openDialog(open ? "share" : null)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content onCloseAutoFocus={giveFocusBack} className="dialog" aria-describedby={undefined}>
          <Dialog.Title>Share</Dialog.Title>
          <ShareForm />
          <Dialog.Close className="quiet square dialog-close" aria-label="Close">
            <CloseIcon />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
