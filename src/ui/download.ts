/** Hands the visitor a file. */
export function download(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  // The browser has taken its own reference by the next turn; later is safer than sooner.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
