/** The button that saves a picture, with its two formats. */
import { SaveIcon } from "./icons";
import { Menu } from "./Menu";

export function SaveMenu({
  label,
  onSave,
}: {
  readonly label: string;
  readonly onSave: (format: "svg" | "png") => void;
}) {
  return (
    <Menu
      className="quiet square"
      label={label}
      items={[
        { label: "Save as SVG", onSelect: () => onSave("svg") },
        { label: "Save as PNG", onSelect: () => onSave("png") },
      ]}
    >
      <SaveIcon />
    </Menu>
  );
}
