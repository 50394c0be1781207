/** A conversation with a model on this device; every answer can be opened on the stage. */
import { useEffect, useId, useRef, type KeyboardEvent, type SyntheticEvent } from "react";
import { allModels, labelOf, modelOf } from "../definitions";
import { hrefOf } from "../routes";
import { useEngine } from "../stores/engine";
import { useMoreModels } from "../stores/more_models";
import { Settings } from "./Settings";
import { chooseModel, edit, send, stop, useChat } from "./store";
import { TurnView } from "./TurnView";
import "./chat.css";

function ModelChoice() {
  const id = useId();
  // Read so that this is drawn again when a model comes.
  useMoreModels((s) => s.entries);
  const model = useChat((s) => s.model);
  const isBusy = useChat((s) => s.busy !== null);
  const able = allModels().filter((m) => m.kind === "causal");
  return (
    <div className="pick chat-model">
      <label htmlFor={id}>Model</label>
      <select id={id} value={model} disabled={isBusy} onChange={(e) => chooseModel(e.target.value)}>
        {!modelOf(model) && <option value={model}>Choose a model</option>}
        {able.map((m) => (
          <option key={m.id} value={m.id}>
            {m.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** What the chosen model is, if it is none for chats. */
function Ability() {
  const model = useChat((s) => s.model);
  const ability = useChat((s) => s.ability);
  // Bundled models are known to have no template; of others it is known once they are loaded.
  const isBundled = (modelOf(model)?.files.length ?? 0) > 0;
  const isPlain = isBundled || (ability?.model === model && !ability.hasTemplate);
  if (!isPlain) return null;
  return (
    <div className="chat-note" data-testid="chat-plain">
      <p>
        <strong>{labelOf(model)} is no chat model.</strong> It continues texts: what you write is put under
        what stands there already, and it goes on from the end. It answers no questions.
      </p>
      <p>
        To chat you need a model that was trained for it and brings a template for conversations. Under{" "}
        <a href={hrefOf("models")}>Models, Bring a model of your own</a>, fetch one by name, such as
        HuggingFaceTB/SmolLM2-135M-Instruct (270 MB), or drop a folder with its files; then choose it here.
      </p>
    </div>
  );
}

function Composer() {
  const id = useId();
  const text = useChat((s) => s.text);
  const busy = useChat((s) => s.busy);
  const editing = useChat((s) => s.editing);
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (editing !== null) box.current?.focus();
  }, [editing]);
  const submit = (e: SyntheticEvent): void => {
    e.preventDefault();
    void send();
  };
  const onKey = (e: KeyboardEvent): void => {
    if (e.key === "Escape" && editing !== null) edit(null);
    // While a word is being composed, Enter belongs to the keyboard.
    if (e.key !== "Enter" || e.shiftKey || e.nativeEvent.isComposing) return;
    e.preventDefault();
    void send();
  };
  return (
    <form className="chat-composer" onSubmit={submit}>
      <label htmlFor={id} className="section-name">
        {editing === null ? "Your message" : "Your message, written anew"}
      </label>
      <textarea
        id={id}
        ref={box}
        rows={3}
        value={text}
        aria-describedby={`${id}-help`}
        onChange={(e) => useChat.setState({ text: e.target.value })}
        onKeyDown={onKey}
      />
      <div className="chat-buttons">
        {busy === null ? (
          <button type="submit" className="primary" disabled={text.trim() === "" || !hasWebGpu}>
            Send
          </button>
        ) : (
          <button type="button" className="primary" onClick={stop}>
            Stop
          </button>
        )}
        {editing !== null && busy === null && (
          <button type="button" onClick={() => edit(null)}>
            Leave it as it is
          </button>
        )}
        <p id={`${id}-help`} className={hasWebGpu ? "help chat-keys" : "help"}>
          {hasWebGpu
            ? "Enter sends, Shift and Enter begins a line. Nothing leaves this device."
            : "This browser has no WebGPU, which running a model needs. Open the page in a current Chrome, Edge, Safari or Firefox."}
        </p>
      </div>
    </form>
  );
}

/** Pixels below the window within which the end of the text counts as in sight. */
const FOLLOWED = 120;

export function Chat() {
  const turns = useChat((s) => s.turns);
  const busy = useChat((s) => s.busy);
  const problem = useChat((s) => s.problem);
  const said = useChat((s) => s.said);
  const end = useRef<HTMLDivElement>(null);
  const { length } = turns;
  const written = turns.at(-1)?.content.length ?? 0;
  useEffect(() => {
    if (length > 0) end.current?.scrollIntoView({ block: "nearest" });
  }, [length]);
  // The text is followed while its end is in sight; who has scrolled up to read stays there.
  useEffect(() => {
    const place = end.current?.getBoundingClientRect();
    if (written > 0 && place && place.top < window.innerHeight + FOLLOWED)
      end.current?.scrollIntoView({ block: "nearest" });
  }, [written]);
  return (
    <div className="place-body chat">
      <header>
        <h2>Chat</h2>
        <p>
          A conversation with a model on your own GPU. The page keeps what the model has read, so that a next
          turn reads only what is new, and records every answer: open one to see how it was decoded.
        </p>
      </header>
      <ModelChoice />
      <Ability />
      <Settings />
      <ol className="chat-turns" aria-label="Conversation">
        {turns.map((turn) => (
          <TurnView key={turn.id} turn={turn} />
        ))}
      </ol>
      {busy !== null && (
        <p className="help" data-testid="chat-busy">
          {busy === "loading" ? "Getting the model ready…" : "Answering…"}
        </p>
      )}
      {problem && (
        <div className="chat-problem" role="alert" data-testid="chat-problem">
          <p>{problem.message}</p>
        </div>
      )}
      <Composer />
      <div ref={end} />
      <p className="visually-hidden" role="status" data-testid="chat-announcer">
        {said}
      </p>
    </div>
  );
}
