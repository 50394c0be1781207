/** A model's folder that was dropped on the page, or chosen: its files are read here and go nowhere. */
import { hrefOf } from "../routes";
import { offerFolder } from "./store";

const readEntries = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject));
const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** Ids stand in addresses and messages. */
const plain = (name: string): string => name.replace(/[^\w.-]/g, "-").slice(0, 80) || "folder";

/** Shows the Models place and what the files that lie in the folder itself would take. */
export async function openDropped(directory: FileSystemDirectoryEntry): Promise<void> {
  location.hash = hrefOf("models");
  const reader = directory.createReader();
  const files: File[] = [];
  // A reader gives at most a hundred entries at a time, and none when it is through.
  for (let entries = await readEntries(reader); entries.length > 0; entries = await readEntries(reader))
    for (const entry of entries) if (entry.isFile) files.push(await fileOf(entry as FileSystemFileEntry));
  await offerFolder(plain(directory.name), files);
}

/** The same of a folder chosen in a dialog. */
export async function openChosen(chosen: readonly File[]): Promise<void> {
  const [folder = ""] = chosen[0]?.webkitRelativePath.split("/") ?? [];
  const files = chosen.filter((file) => file.webkitRelativePath.split("/").length === 2);
  await offerFolder(plain(folder), files);
}
