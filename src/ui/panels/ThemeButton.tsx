/** The button that goes through the themes, and the theme put on the page. */
import { useEffect, type ReactNode } from "react";
import { setTheme, useLayout, type Theme } from "../stores/layout";
import { MoonIcon, SunIcon, SystemIcon } from "./icons";

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const THEME_ICON: Readonly<Record<Theme, ReactNode>> = {
  system: <SystemIcon />,
  light: <SunIcon />,
  dark: <MoonIcon />,
};

export function ThemeButton() {
  const theme = useLayout((s) => s.theme);
  const name = `Theme: ${theme}`;
  return (
    <button
      type="button"
      className="quiet square"
      aria-label={name}
      title={name}
      onClick={() => setTheme(NEXT_THEME[theme])}
    >
      {THEME_ICON[theme]}
    </button>
  );
}

/** Puts the chosen theme on the document; the system's needs no word. */
export function useThemeOfPage(): void {
  const theme = useLayout((s) => s.theme);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
}
