/** The models that are stored here: which there are, what is known of them, and how much of each has come. */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { CACHE_STORAGES } from "../../kernels/cache";
import { WEIGHT_STORAGES } from "../../kernels/weights";
import type { CatalogEntry } from "../catalog";
import { hubId, isHubId, type HubName } from "./name";
import { CONTEXT_LIMIT, type Kept } from "./offer";
import { storedBytesOf } from "./part_file";
import type { HubFile } from "./repository";
import { problem, sizeText } from "./request";
import type { Storage, StorageFolder } from "./storage";

const MANIFEST = "model.json";

const size = v.pipe(v.number(), v.integer(), v.minValue(0));
const hash = v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/)));
const manifestSchema = v.object({
  version: v.literal(1),
  repo: v.string(),
  revision: v.string(),
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  licence: v.nullable(v.string()),
  /** How its weights are kept on the device. */
  storage: v.picklist(WEIGHT_STORAGES),
  /** How keys and values are kept, and the longest text; these stand in what was written since one can choose. */
  cacheStorage: v.optional(v.picklist(CACHE_STORAGES), "f32"),
  context: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), CONTEXT_LIMIT),
  /** Milliseconds since 1970 when it was asked for. */
  begun: v.number(),
  files: v.array(v.object({ name: v.string(), sizeBytes: size, sha256: hash, gitOid: hash })),
  /** What menus say of it; null until it was loaded for the first time. */
  entry: v.nullable(v.looseObject({ id: v.string(), kind: v.picklist(["causal", "masked"]) })),
});

/** What is written down of a stored model. */
export interface Manifest extends HubName, Kept {
  readonly version: 1;
  readonly commit: string;
  readonly licence: string | null;
  readonly begun: number;
  readonly files: readonly HubFile[];
  readonly entry: CatalogEntry | null;
}

export interface StoredModel {
  readonly id: string;
  readonly commit: string;
  readonly licence: string | null;
  readonly kept: Kept;
  readonly begun: number;
  readonly storedBytes: number;
  readonly totalBytes: number;
  /** Null while it was never loaded, for instance because it has not come whole. */
  readonly entry: CatalogEntry | null;
}

const folderOf = (id: string): string => encodeURIComponent(id);

async function manifestIn(folder: StorageFolder): Promise<Manifest | null> {
  const bytes = await folder.read(MANIFEST);
  if (!bytes) return null;
  try {
    const parsed = v.parse(manifestSchema, JSON.parse(new TextDecoder().decode(bytes)));
    return isHubId(hubId(parsed)) ? (parsed as unknown as Manifest) : null;
  } catch {
    return null;
  }
}

export class Library {
  constructor(readonly storage: Storage) {}

  /** The folder of a model, made if there is none. @throws DecoscopeError reason `storage` */
  folder(id: string): Promise<StorageFolder> {
    return this.storage.folder(folderOf(id));
  }

  /** What is written down of a model; null if nothing is. */
  async manifest(id: string): Promise<Manifest | null> {
    const names = await this.storage.folders();
    return names.includes(folderOf(id)) ? manifestIn(await this.folder(id)) : null;
  }

  async write(manifest: Manifest): Promise<void> {
    const folder = await this.folder(hubId(manifest));
    await folder.write(MANIFEST, new TextEncoder().encode(JSON.stringify(manifest)));
  }

  /**
   * Writes down what is about to be fetched. Files of another commit are thrown away.
   * @throws DecoscopeError reason `storage` if there is no room for all of it
   */
  async begin(manifest: Manifest): Promise<void> {
    const id = hubId(manifest);
    const known = await this.manifest(id);
    const isSame = known?.commit === manifest.commit && known.files.length === manifest.files.length;
    if (known && !isSame) await this.remove(id);
    const stored = isSame ? await this.storedBytes(id, known.files) : 0;
    await this.checkRoom(manifest.files.reduce((sum, f) => sum + f.sizeBytes, 0) - stored, id);
    await this.write(isSame ? { ...manifest, begun: known.begun, entry: known.entry } : manifest);
  }

  private async checkRoom(bytes: number, id: string): Promise<void> {
    const space = await this.storage.space();
    const free = space ? space.quotaBytes - space.usedBytes : Infinity;
    if (bytes <= free) return;
    throw problem(
      "storage",
      `${id} needs ${sizeText(bytes)} more to be stored, and the browser gives this page only ${sizeText(free)}. Delete stored models, or free space on the disk, and try again.`,
    );
  }

  private async storedBytes(id: string, files: readonly HubFile[]): Promise<number> {
    const folder = await this.folder(id);
    let bytes = 0;
    for (const [i, { sizeBytes }] of files.entries())
      bytes += storedBytesOf(await folder.read(`${i}.parts`), sizeBytes);
    return bytes;
  }

  /** All models, the newest first; folders that say nothing of themselves are left out. */
  async list(): Promise<readonly StoredModel[]> {
    const models: StoredModel[] = [];
    for (const name of await this.storage.folders()) {
      const manifest = await manifestIn(await this.storage.folder(name));
      if (!manifest) continue;
      const { commit, licence, storage, cacheStorage, context, begun, entry, files } = manifest;
      const id = hubId(manifest);
      models.push({
        id,
        commit,
        licence,
        kept: { storage, cacheStorage, context },
        begun,
        entry,
        storedBytes: await this.storedBytes(id, files),
        totalBytes: files.reduce((sum, f) => sum + f.sizeBytes, 0),
      });
    }
    return models.sort((a, b) => b.begun - a.begun);
  }

  async remove(id: string): Promise<void> {
    if (!(await this.storage.folders()).includes(folderOf(id))) return;
    await this.storage.remove(folderOf(id));
  }

  /** @throws DecoscopeError reason `missing` that says where to fetch it */
  async required(id: string): Promise<Manifest> {
    const manifest = await this.manifest(id);
    if (manifest) return manifest;
    throw new DecoscopeError(
      "load",
      `${id} is not stored here. Open it under Models: the page shows what it takes and asks before it is fetched.`,
      undefined,
      "missing",
    );
  }
}
