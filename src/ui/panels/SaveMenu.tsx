/** The button that saves a picture, with its two formats. */
import { DropdownMenu } from "radix-ui";
import { SaveIcon } from "./icons";

export function SaveMenu({
  label,
  onSave,
}: {
  readonly label: string;
  readonly onSave: (format: "svg" | "png") => void;
}) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="quiet square" aria-label={label} title={label}>
        <SaveIcon />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
          <DropdownMenu.Item onSelect={() => onSave("svg")}>Save as SVG</DropdownMenu.Item>
          <DropdownMenu.Item onSelect={() => onSave("png")}>Save as PNG</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
