/** The engine for other pages: one import, no page of ours. The build puts it at `decoscope.js`; docs/api.md is its manual. */
import type { ErrorRecord } from "../base/errors";
import { chatCompletions, type Completions } from "../chat/completions";
import type { CatalogEntry, LoadProgress } from "./api";
import { connectEngine, type EngineClient } from "./client";

export interface OpenOptions {
  /** Folder, with a slash at its end, that has `models/`: where this file lies unless given. */
  readonly base?: string;
  readonly hub?: string;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** The device went away: open another engine. */
  readonly onLost?: (error: ErrorRecord) => void;
}

export interface Decoscope {
  /** All that the page itself can ask of the engine. */
  readonly engine: EngineClient;
  /** Loads a bundled model, or one of the hub that was fetched before. */
  load(model: string): Promise<void>;
  /** Fetches a model of the hub, `org/name`, and keeps it in the browser's storage. What it takes is said by `engine.hubOffer`. */
  fetch(name: string, token?: string): Promise<CatalogEntry>;
  readonly chat: { readonly completions: Completions };
  close(): void;
}

/** Starts a worker with the engine in it. Calls reject with a DecoscopeError: `code`, `message`, and sometimes `reason` and `detail`. */
export function openDecoscope({ base, hub, onProgress, onLost }: OpenOptions = {}): Decoscope {
  const engine = connectEngine(
    base ?? new URL(/* @vite-ignore */ "./", import.meta.url).href,
    (message) => {
      if (message.type === "progress") onProgress?.(message.progress);
      if (message.type === "device_lost") onLost?.(message.error);
    },
    hub,
  );
  return {
    engine,
    async load(model) {
      await engine.openDevice();
      await engine.load(model);
    },
    async fetch(name, token) {
      await engine.openDevice();
      const { id } = await engine.hubOffer(name, token ?? null);
      return engine.hubFetch(id, null, token ?? null);
    },
    chat: { completions: chatCompletions(engine) },
    close: () => engine.dispose(),
  };
}
