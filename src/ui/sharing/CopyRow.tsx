/** A text to be copied, with its button and what came of it. */
import { useState, type ReactNode } from "react";
import "./link_field.css";

interface CopyRowProps {
  /** Name of the field. */
  readonly name: string;
  /** What stands on the button. */
  readonly action: string;
  readonly value: string;
  readonly testId: string;
  readonly isPrimary?: boolean;
  /** Stands behind what came of copying. */
  readonly children?: ReactNode;
}

export function CopyRow({ name, action, value, testId, isPrimary = false, children }: CopyRowProps) {
  const [copied, setCopied] = useState<{ readonly value: string; readonly isDone: boolean } | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied({ value, isDone: true });
    } catch {
      setCopied({ value, isDone: false });
    }
  };
  return (
    <>
      <div className="link-row">
        <input
          className="link-field"
          aria-label={name}
          data-testid={testId}
          readOnly
          value={value}
          onFocus={(e) => e.target.select()}
        />
        <button type="button" className={isPrimary ? "primary" : ""} onClick={() => void copy()}>
          {action}
        </button>
      </div>
      <p className="help" role="status">
        {/* Of a text that has changed since, nothing was copied. */}
        {copied?.value !== value
          ? ""
          : copied.isDone
            ? "Copied. "
            : "The browser did not allow copying: select the text and copy it. "}
        {children}
      </p>
    </>
  );
}
