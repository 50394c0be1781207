/** Requests to the hub: a token where there is one, patience where it asks for some, and refusals as errors that say what to do. */
import { DecoscopeError, type ErrorReason } from "../../base/errors";
import { MissingFileError, throwIfCancelled } from "../source";

export interface Hub {
  /** Address without a slash at its end: `https://huggingface.co`. */
  readonly base: string;
  /** Sent to the hub itself only; browsers drop it where the hub sends them on. */
  readonly token: string | null;
  /** Unless given, the platform's own. */
  readonly fetch?: typeof fetch;
  /** Waits so many milliseconds; tests do not. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** Tries of a request that found nobody or was told to wait, and the first pause between them; each next one is twice as long. */
const TRIES = 4;
const FIRST_PAUSE_MS = 700;
/** Nobody waits longer than this without being told. */
const LONGEST_PAUSE_S = 20;

export const problem = (reason: ErrorReason, message: string, detail?: string): DecoscopeError =>
  new DecoscopeError(reason === "storage" ? "limit" : "load", message, detail, reason);

/** A number of bytes in words: `350 kB`, `1,200 MB`. Rounded up, so that nothing is called nothing. */
export function sizeText(bytes: number): string {
  const [unit, name] = bytes < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  return `${Math.ceil(Math.max(0, bytes) / unit).toLocaleString("en")} ${name}`;
}

export const pause = (hub: Hub, attempt: number): Promise<void> => wait(hub, FIRST_PAUSE_MS * 2 ** attempt);
const wait = (hub: Hub, ms: number): Promise<void> =>
  hub.wait ? hub.wait(ms) : new Promise((resolve) => setTimeout(resolve, ms));

/** Seconds until the hub wants to be asked again; null where it does not say. */
function askedPause(response: Response): number | null {
  const after = response.headers.get("retry-after");
  if (after !== null && /^\d+$/.test(after)) return Number(after);
  const [, seconds] = /\bt=(\d+)/.exec(response.headers.get("ratelimit") ?? "") ?? [];
  return seconds === undefined ? null : Number(seconds);
}

/** Whether the browser itself says that there is no network. */
const isOffline = (): boolean => typeof navigator !== "undefined" && !navigator.onLine;

export function offline(what: string, thrown: unknown): DecoscopeError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return problem(
    "offline",
    isOffline()
      ? `Expected to reach the hub for ${what}, found no network. Models that are stored here still run; connect and try again for others.`
      : `The hub could not be reached for ${what}. Check the connection, and whether something in between blocks huggingface.co; what was fetched already is kept.`,
    why,
  );
}

/**
 * What the hub answered to a request; retries where it does not answer or asks for patience.
 * @param what the thing asked for, for messages: `org/name`, `org/name/config.json`
 * @throws DecoscopeError with a reason: `missing`, `denied`, `busy`, `offline`; `cancelled` if the signal was raised
 */
export async function ask(
  hub: Hub,
  url: string,
  what: string,
  {
    headers,
    signal,
  }: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal | undefined } = {},
): Promise<Response> {
  const init: RequestInit = {
    headers: { ...headers, ...(hub.token !== null && { Authorization: `Bearer ${hub.token}` }) },
    // Cookies are of no use, and a stored answer may be half of one.
    credentials: "omit",
    cache: "no-store",
    ...(signal && { signal }),
  };
  for (let attempt = 0; ; attempt++) {
    throwIfCancelled(signal, what);
    const isLast = attempt === TRIES - 1;
    let response: Response;
    try {
      response = await (hub.fetch ?? fetch)(url, init);
    } catch (thrown) {
      throwIfCancelled(signal, what);
      if (isLast || isOffline()) throw offline(what, thrown);
      await pause(hub, attempt);
      continue;
    }
    if (response.ok) return response;
    const isBusy = response.status === 429 || response.status >= 500;
    const seconds = askedPause(response);
    if (!isBusy || isLast || (seconds ?? 0) > LONGEST_PAUSE_S)
      throw await refusal(response, what, hub, seconds);
    await response.body?.cancel().catch(() => undefined);
    await (seconds === null ? pause(hub, attempt) : wait(hub, 1000 * seconds));
  }
}

/** What the hub says in words; its headers first, since bodies may be long pages. */
async function wordsOf(response: Response): Promise<string> {
  const said = response.headers.get("x-error-message");
  if (said !== null) return said;
  const text = await response.text().catch(() => "");
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : "";
  } catch {
    return "";
  }
}

async function refusal(
  response: Response,
  what: string,
  hub: Hub,
  seconds: number | null,
): Promise<DecoscopeError> {
  const { status } = response;
  const code = response.headers.get("x-error-code");
  const words = (await wordsOf(response)).slice(0, 300);
  const detail = `HTTP status ${status}${code === null ? "" : `, ${code}`}${words === "" ? "" : `: ${words}`}`;
  const hasToken = hub.token !== null;
  if (/invalid credentials/i.test(words))
    return problem(
      "denied",
      `The hub does not accept the token given for ${what}. Copy it again from huggingface.co/settings/tokens; it needs the right to read.`,
      detail,
    );
  if (code === "GatedRepo" || status === 403)
    return problem(
      "denied",
      hasToken
        ? `${what} is shown only to those whom its authors let in, and the account of this token is not among them. Ask for access on the model's page, then try again.`
        : `${what} is shown only to those whom its authors let in. Ask for access on the model's page, then give a token of your account here.`,
      detail,
    );
  if (status === 401)
    return problem(
      "denied",
      `The hub shows nobody a model called ${what} without a token: either there is none, or it is private. Check the name letter by letter; for a private model give a token.`,
      detail,
    );
  if (status === 404 || status === 410) {
    const text =
      code === "RevisionNotFound"
        ? `${what}: expected a branch, tag or commit of that name, found none. Leave out what stands after the @ for the newest.`
        : code === "EntryNotFound"
          ? `Expected the file ${what} on the hub, found none. Choose another model.`
          : `Expected a model called ${what} on the hub, found none. Check the name letter by letter: large and small letters differ.`;
    return new MissingFileError(text, detail);
  }
  if (status === 429) {
    const minutes = seconds === null ? null : Math.max(1, Math.round(seconds / 60));
    const when = minutes === null ? "a few minutes" : minutes === 1 ? "a minute" : `${minutes} minutes`;
    return problem(
      "busy",
      `The hub has had too many requests from this address and asks to wait. Try again in ${when}${hasToken ? "" : ", or give a token"}; what was fetched already is kept.`,
      detail,
    );
  }
  return problem(
    "busy",
    `The hub could not answer for ${what} (HTTP status ${status}). Try again later.`,
    detail,
  );
}
