/** Line icons, 16 px, in the colour of the text around them. Decoration: the buttons carry the names. */
import type { ReactNode } from "react";

const icon = (content: ReactNode) =>
  function Icon() {
    return (
      <svg
        className="icon"
        viewBox="0 0 16 16"
        width="16"
        height="16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {content}
      </svg>
    );
  };

export const BranchIcon = icon(<path d="M4 13.5V2.5M4 10.5c0-4 7.5-1.5 7.5-6M9.3 6.2l2.2-2.3 2.2 2.3" />);
export const UndoIcon = icon(<path d="M6.5 3 3 6.5 6.5 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6" />);
export const PlayIcon = icon(<path d="M4.5 2.8v10.4l8.6-5.2Z" fill="currentColor" />);
export const PauseIcon = icon(<path d="M5 3v10M11 3v10" strokeWidth="2.4" />);
export const ForwardIcon = icon(<path d="M4 3.2v9.6l7-4.8ZM12.6 3.2v9.6" />);
export const BackIcon = icon(<path d="M12 3.2v9.6l-7-4.8ZM3.4 3.2v9.6" />);
export const PlusIcon = icon(<path d="M8 3.5v9M3.5 8h9" />);
export const MinusIcon = icon(<path d="M3.5 8h9" />);
export const FitIcon = icon(<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />);
export const PathIcon = icon(
  <>
    <path d="M3.8 11.2 7 8.8M9.2 7.4l3-2.6" />
    <circle cx="2.6" cy="12" r="1.3" fill="currentColor" />
    <circle cx="8" cy="8" r="1.3" fill="currentColor" />
    <circle cx="13.4" cy="4" r="1.3" fill="currentColor" />
  </>,
);
export const SaveIcon = icon(<path d="M8 2.5v7.2M4.8 6.8 8 10l3.2-3.2M3 13.2h10" />);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.4v1.4M8 13.2v1.4M1.4 8h1.4M13.2 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M3.3 12.7l1-1M11.7 4.3l1-1" />
  </>,
);
export const MoonIcon = icon(<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />);
export const SystemIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M8 2.4a5.6 5.6 0 0 1 0 11.2Z" fill="currentColor" stroke="none" />
  </>,
);
export const ChevronIcon = icon(<path d="m4.5 6.3 3.5 3.4 3.5-3.4" />);
