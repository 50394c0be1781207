/** The menu of a {@link Menu} once somebody asked for it: opens at once, and from then on by its button. */
import * as DropdownMenu from "@radix-ui/react-dropdown-menu";
import type { MenuProps } from "./Menu";

export function OpenMenu({ children, className, label, items }: MenuProps) {
  return (
    <DropdownMenu.Root defaultOpen>
      <DropdownMenu.Trigger
        className={className}
        {...(label === undefined ? {} : { "aria-label": label, title: label })}
      >
        {children}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
          {items.map((item) => (
            <DropdownMenu.Item
              key={item.label}
              disabled={item.isDisabled ?? false}
              onSelect={() => item.onSelect()}
            >
              {item.label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
