/** A button with a menu. The menu's own code is fetched when a pointer or the keyboard comes near the button. */
import { report } from "../engine";
import { lazy, Suspense, useState, type ReactNode } from "react";

export interface MenuItem {
  readonly label: string;
  readonly isDisabled?: boolean;
  readonly onSelect: () => void;
}

export interface MenuProps {
  /** What stands on the button. */
  readonly children: ReactNode;
  readonly className: string;
  /** Name of a button that shows only an icon. */
  readonly label?: string;
  readonly items: readonly MenuItem[];
}

const fetchOpenMenu = () => import("./OpenMenu");
const OpenMenu = lazy(async () => ({ default: (await fetchOpenMenu()).OpenMenu }));
const noop = () => undefined;
/** Trouble on the way is met, and said, when the menu is opened. */
const prepare = () => void fetchOpenMenu().then(noop, noop);

export function Menu(props: MenuProps) {
  const [isWanted, setWanted] = useState(false);
  const { children, className, label } = props;
  const button = (
    <button
      type="button"
      className={className}
      aria-haspopup="menu"
      aria-expanded={false}
      {...(label === undefined ? {} : { "aria-label": label, title: label })}
      onPointerEnter={prepare}
      onFocus={prepare}
      onClick={() => void fetchOpenMenu().then(() => setWanted(true), report)}
    >
      {children}
    </button>
  );
  return isWanted ? (
    <Suspense fallback={button}>
      <OpenMenu {...props} />
    </Suspense>
  ) : (
    button
  );
}
