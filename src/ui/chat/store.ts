/** The conversation of the Chat place, and what its buttons do. Fetched with that place. */
import { create } from "zustand";
import { toErrorRecord, type ErrorRecord } from "../../base/errors";
import type { AnswerFormat, ChatMessage, ChatRequest, ChatUsage } from "../../chat/protocol";
import type { TraceEvent } from "../../trace/events";
import type { ChatAbility } from "../../worker/api";
import { allModels, models } from "../definitions";
import { engineFor } from "../engine";
import { showTrace } from "../files";
import { isRunMissed, remember } from "../remember";
import { hrefOf } from "../routes";
import { dropUndo, offerUndo, useUndo } from "../stores/undo";

/** One message. Messages are never changed, only replaced, so that taking a click back is putting the old list back. */
export interface Turn {
  readonly id: number;
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly thinking: string;
  readonly tokens: readonly number[];
  /** Null while it is written, and for what a visitor wrote. */
  readonly usage: ChatUsage | null;
  readonly isCut: boolean;
  /** The run that wrote it. */
  readonly trace: readonly TraceEvent[];
}

export interface ChatSettings {
  readonly system: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly thinks: "model" | "yes" | "no";
  readonly format: "text" | "json" | "schema";
  readonly schema: string;
  /** Candidates of every step, which take a readback a token. */
  readonly recordsCandidates: boolean;
}

export interface ChatState {
  readonly model: string;
  readonly settings: ChatSettings;
  readonly turns: readonly Turn[];
  readonly text: string;
  /** The message that is being written anew. */
  readonly editing: number | null;
  readonly busy: "loading" | "answering" | null;
  readonly ability: (ChatAbility & { readonly model: string }) | null;
  readonly problem: ErrorRecord | null;
  /** For screen readers. */
  readonly said: string;
}

const firstModel = (): string =>
  allModels().findLast((m) => m.kind === "causal" && m.files.length === 0)?.id ??
  models.find((m) => m.kind === "causal")?.id ??
  "";

export const useChat = create<ChatState>()(() => ({
  model: firstModel(),
  settings: {
    system: "",
    temperature: 0.7,
    maxTokens: 200,
    thinks: "model",
    format: "text",
    schema:
      '{\n  "type": "object",\n  "properties": {\n    "answer": { "type": "string" }\n  },\n  "required": ["answer"]\n}',
    recordsCandidates: false,
  },
  turns: [],
  text: "",
  editing: null,
  busy: null,
  ability: null,
  problem: null,
  said: "",
}));

const set = useChat.setState;
let lastId = 0;
let abort: AbortController | null = null;
/** Takes back what this conversation's last click removed. */
let putBack: (() => void) | null = null;
/** Why an answer ends whose question is gone with the conversation it was asked in. */
const TAKEN_BACK = "taken back";

export const change = (settings: Partial<ChatSettings>): void =>
  set((s) => ({ settings: { ...s.settings, ...settings } }));

export const chooseModel = (model: string): void => set({ model, ability: null, problem: null });

const turnOf = (role: Turn["role"], content: string): Turn => ({
  id: ++lastId,
  role,
  content,
  thinking: "",
  tokens: [],
  usage: null,
  isCut: false,
  trace: [],
});

/** Replaces the conversation and says how to have the old one back. */
function replace(turns: readonly Turn[], did: string): void {
  const before = useChat.getState().turns;
  if (before.length > turns.length) {
    putBack = () => {
      abort?.abort(TAKEN_BACK);
      set({ turns: before, editing: null });
    };
    offerUndo(did, putBack);
  }
  set({ turns });
}

function formatOf({ format, schema }: ChatSettings): AnswerFormat | null {
  if (format !== "schema") return format === "json" ? { kind: "json" } : null;
  try {
    return { kind: "schema", schema: JSON.parse(schema) as unknown };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`The JSON schema is no JSON: ${reason}. Mend it under Settings.`, { cause: thrown });
  }
}

function requestOf({ model, settings, turns }: ChatState, hasTemplate: boolean): ChatRequest {
  const { system, temperature, maxTokens, thinks, recordsCandidates } = settings;
  const messages = turns.map(({ role, content, tokens }): ChatMessage => ({
    role,
    content,
    ...(tokens.length > 0 && { tokens }),
  }));
  return {
    model,
    messages: system.trim() === "" ? messages : [{ role: "system", content: system }, ...messages],
    sampler: { temperature, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
    maxNewTokens: maxTokens,
    stops: [],
    thinks: thinks === "model" ? null : thinks === "yes",
    template: hasTemplate ? "model" : "plain",
    format: formatOf(settings),
    topLogprobs: null,
    trace: recordsCandidates ? "full" : "light",
  };
}

/** Has the conversation answered as it stands. */
async function answer(): Promise<void> {
  const own = new AbortController();
  abort = own;
  set({ busy: "loading", problem: null, said: "" });
  const turn = turnOf("assistant", "");
  let written = turn;
  const isTakenBack = (): boolean => own.signal.reason === TAKEN_BACK;
  const show = (): void => {
    if (!isTakenBack()) set((s) => ({ turns: [...s.turns.filter(({ id }) => id !== turn.id), written] }));
  };
  try {
    const { model } = useChat.getState();
    const { engine } = await engineFor([model]);
    const ability = { ...(await engine.chatAbility(model)), model };
    if (own.signal.aborted) return;
    set({ busy: "answering", ability, said: "Answering." });
    const request = requestOf(useChat.getState(), ability.hasTemplate);
    const trace: TraceEvent[] = [];
    await engine.chat(
      request,
      (event) => {
        if (event.kind === "trace") {
          trace.push(...event.events);
          return;
        }
        written =
          event.kind === "text"
            ? {
                ...written,
                thinking: written.thinking + event.thinking,
                content: written.content + event.answer,
              }
            : {
                ...written,
                tokens: event.tokens,
                usage: event.usage,
                isCut: event.finish !== "stop",
                trace,
              };
        show();
      },
      own.signal,
    );
    if (!isTakenBack())
      set({ said: written.content.trim() === "" ? "The answer is empty." : `Answer: ${written.content}` });
  } catch (thrown) {
    if (!isTakenBack()) set({ problem: toErrorRecord(thrown) });
  } finally {
    abort = null;
    set({ busy: null });
  }
}

/** Sends what is written in the box: a next message, or one in place of an earlier one and all that came of it. */
export async function send(): Promise<void> {
  const { text, turns, editing, busy } = useChat.getState();
  if (busy !== null || text.trim() === "") return;
  const at = turns.findIndex(({ id }) => id === editing);
  if (at >= 0) replace(turns.slice(0, at), "The message was written anew, and what came after it removed.");
  // The conversation as an older click found it does not have this message.
  else if (useUndo.getState().last?.restore === putBack) dropUndo();
  set((s) => ({ turns: [...s.turns, turnOf("user", text)], text: "", editing: null }));
  await answer();
}

/** Ends the answer; what came of it stays. */
export const stop = (): void => abort?.abort();

/** Has an answer written again, with other random numbers. */
export async function regenerate(id: number): Promise<void> {
  const { turns, busy } = useChat.getState();
  const at = turns.findIndex((t) => t.id === id);
  if (busy !== null || at < 0) return;
  replace(turns.slice(0, at), "The answer is written again; the one before was removed.");
  await answer();
}

/** Takes a message and all that came after it away. */
export function remove(id: number): void {
  const { turns, busy } = useChat.getState();
  const at = turns.findIndex((t) => t.id === id);
  if (busy !== null || at < 0) return;
  replace(turns.slice(0, at), "The message and what came after it were removed.");
  set({ said: "Removed." });
}

export function edit(id: number | null): void {
  const turn = useChat.getState().turns.find((t) => t.id === id);
  set({ editing: turn ? turn.id : null, text: turn?.content ?? "" });
}

/** Puts the run that wrote an answer on the stage of the playground. */
export function showDecoding({ trace }: Turn): void {
  if (isRunMissed()) offerUndo("The run of an answer took the place of the run before.", remember());
  showTrace({ kind: "live" }, trace);
  location.hash = hrefOf("playground");
}
