/** One message of a conversation, with what it took and what can be done with it. */
import { count, duration, plural } from "../format";
import { edit, regenerate, remove, showDecoding, useChat, type Turn } from "./store";

function Facts({ usage, isCut }: Pick<Turn, "usage" | "isCut">) {
  if (!usage) return null;
  const { newTokens, thinkingTokens, promptTokens, reusedTokens, prefilledRows, ms } = usage;
  return (
    <p className="help figures" data-testid="chat-facts">
      {plural(newTokens, "token")}
      {thinkingTokens > 0 && `, ${count(thinkingTokens)} of them thinking`} in {duration(ms)}
      {isCut && ", cut off"} · prompt of {plural(promptTokens, "token")}: {count(reusedTokens)} from the
      cache, {count(prefilledRows)} read
      {/* The last one is no row of the prefill: it goes through with the first pass of the answer. */}
      {promptTokens === reusedTokens + prefilledRows + 1 && ", the last with the answer"}
    </p>
  );
}

function Thinking({ text, isOver }: { readonly text: string; readonly isOver: boolean }) {
  if (text === "") return null;
  return (
    <details className="chat-thinking">
      <summary>{isOver ? "What it thought" : "Thinking…"}</summary>
      <p>{text}</p>
    </details>
  );
}

export function TurnView({ turn }: { readonly turn: Turn }) {
  const isBusy = useChat((s) => s.busy !== null);
  const isEditing = useChat((s) => s.editing === turn.id);
  const isUser = turn.role === "user";
  const isWriting = !isUser && turn.usage === null && isBusy;
  return (
    <li className={`chat-turn ${turn.role}`} data-testid={`chat-${turn.role}`} aria-busy={isWriting}>
      <p className="section-name">{isUser ? "You" : "Model"}</p>
      <Thinking text={turn.thinking} isOver={turn.content !== "" || !isWriting} />
      <p className="chat-text" data-testid="chat-text">
        {turn.content}
        {isWriting && <span className="chat-caret" aria-hidden="true" />}
      </p>
      <Facts usage={turn.usage} isCut={turn.isCut} />
      {!isWriting && (
        <div className="chat-buttons">
          {isUser ? (
            <button
              type="button"
              className="quiet"
              disabled={isBusy}
              onClick={() => edit(isEditing ? null : turn.id)}
            >
              {isEditing ? "Leave it as it is" : "Edit"}
            </button>
          ) : (
            <>
              {turn.trace.length > 0 && (
                <button type="button" className="quiet" onClick={() => showDecoding(turn)}>
                  Show how this was decoded
                </button>
              )}
              <button
                type="button"
                className="quiet"
                disabled={isBusy}
                onClick={() => void regenerate(turn.id)}
              >
                Answer again
              </button>
            </>
          )}
          <button type="button" className="quiet" disabled={isBusy} onClick={() => remove(turn.id)}>
            Delete
          </button>
        </div>
      )}
    </li>
  );
}
