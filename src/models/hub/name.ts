/** Names of models on the hub, as people write them and as links hold them: `org/name`, `org/name@revision`. */
import { DecoscopeError } from "../../base/errors";

export interface HubName {
  /** `org/name` */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

const REPO = /^(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95}$/;
const REVISION = /^(?!.*\.\.)[\w][\w./-]{0,99}$/;
const HOSTS = new Set(["huggingface.co", "www.huggingface.co", "hf.co"]);

/** The form of {@link hubId}: what settings and links may hold. */
export function isHubId(text: string): boolean {
  const [repo, revision, ...more] = text.split("@");
  return REPO.test(repo ?? "") && (revision === undefined || REVISION.test(revision)) && more.length === 0;
}

/** The id of a model in settings, links and the list of stored ones; `main` is not said. */
export const hubId = ({ repo, revision }: HubName): string =>
  revision === "main" ? repo : `${repo}@${revision}`;

const wrong = (found: string): DecoscopeError =>
  new DecoscopeError(
    "load",
    `Expected the name of a model on the hub, such as HuggingFaceTB/SmolLM2-135M or org/name@revision, found ${found}. ` +
      "Copy it from the head of the model's page.",
  );

/** `/org/name`, `/org/name/tree/REVISION`, `/org/name/blob/REVISION/file` and their like. */
function fromUrl(url: URL): string {
  if (!HOSTS.has(url.hostname))
    throw new DecoscopeError(
      "load",
      `Expected an address on huggingface.co, found one on ${url.hostname}: this page fetches models from the hub and from nowhere ` +
        "else. Download the model's folder and drop it on this page instead.",
    );
  const [org, name, kind, revision] = decodeURIComponent(url.pathname).split("/").filter(Boolean);
  if (org === "datasets" || org === "spaces") throw wrong(`the address of one of its ${org}`);
  const isPlace = kind !== undefined && ["tree", "blob", "resolve", "raw"].includes(kind);
  return `${org ?? ""}/${name ?? ""}${isPlace && revision !== undefined ? `@${revision}` : ""}`;
}

/**
 * The model that a visitor means by a name, an id or the address of a page of the hub.
 * @throws DecoscopeError `load` that says what was expected
 */
export function parseHubName(text: string): HubName {
  const trimmed = text.trim();
  const isUrl = /^https?:\/\//i.test(trimmed);
  if (isUrl && !URL.canParse(trimmed)) throw wrong(`\u201c${trimmed.slice(0, 80)}\u201d`);
  const id = isUrl ? fromUrl(new URL(trimmed)) : trimmed;
  if (!isHubId(id)) throw wrong(trimmed === "" ? "nothing" : `\u201c${trimmed.slice(0, 80)}\u201d`);
  const [repo = "", revision = "main"] = id.split("@");
  return { repo, revision };
}
