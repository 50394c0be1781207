/** The browser's choice of one file, without a field that is seen: whoever draws what opens it clicks it. */
import type { Ref } from "react";

interface FileInputProps {
  readonly ref: Ref<HTMLInputElement>;
  /** Name of the field. */
  readonly name: string;
  /** Endings and types, as in `accept`. */
  readonly accept: string;
  readonly onChoose: (file: File) => void;
}

export function FileInput({ ref, name, accept, onChoose }: FileInputProps) {
  return (
    <input
      ref={ref}
      type="file"
      accept={accept}
      className="visually-hidden"
      tabIndex={-1}
      aria-label={name}
      onChange={(e) => {
        const [chosen] = e.target.files ?? [];
        // The same file can be chosen again.
        e.target.value = "";
        if (chosen) onChoose(chosen);
      }}
    />
  );
}
