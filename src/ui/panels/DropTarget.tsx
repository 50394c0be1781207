/** Trace files, and folders of models, dropped anywhere on the page. */
import { useEffect, useState } from "react";
import { openFile } from "../open_file";

const hasFiles = (e: DragEvent): boolean => e.dataTransfer?.types.includes("Files") ?? false;

export function DropTarget() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const over = (e: DragEvent) => {
      if (!hasFiles(e)) return;
      e.preventDefault();
      setOver(true);
    };
    const leave = (e: DragEvent) => {
      if (e.relatedTarget === null) setOver(false);
    };
    const drop = (e: DragEvent) => {
      if (!hasFiles(e)) return;
      e.preventDefault();
      setOver(false);
      const entry = e.dataTransfer?.items[0]?.webkitGetAsEntry();
      if (entry?.isDirectory) {
        void import("../hub/folder").then((m) => m.openDropped(entry as FileSystemDirectoryEntry));
        return;
      }
      const file = e.dataTransfer?.files[0];
      if (file) void openFile(file);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return isOver ? (
    <div className="drop-target" role="status">
      Drop a trace file to show its run, or a model&rsquo;s folder to load it
    </div>
  ) : null;
}
