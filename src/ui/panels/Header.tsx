/** The line across the top: name, engine, sharing, files, theme, help. */
import { useRef, type ReactNode } from "react";
import { openRecordedRun, openTraceFile, saveTrace } from "../files";
import { useEngine, type EnginePhase } from "../stores/engine";
import { openDialog, setTheme, useLayout, type Theme } from "../stores/layout";
import { useRun } from "../stores/run";
import { HOME } from "../routes";
import { useRoute } from "../stores/route";
import { ChevronIcon, MoonIcon, SunIcon, SystemIcon } from "./icons";
import { Menu } from "./Menu";
import { OfflineStatus } from "./OfflineStatus";
import { Places } from "./Places";

const PHASE_NAME: Readonly<Record<EnginePhase, string>> = {
  idle: "ready",
  opening: "opening the device",
  loading: "loading",
  compiling: "compiling",
  running: "running",
  paused: "paused",
};

function EngineStatus() {
  const phase = useEngine((s) => s.phase);
  const device = useEngine((s) => s.device);
  const build = useEngine((s) => s.build);
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const isLost = useEngine((s) => s.isLost);
  // The kernels of a method are compiled between its start and its first round; later runs find them ready.
  const isStepping = useEngine((s) => s.roundsAwaited > 0);
  const isPreparing =
    useRun((s) => s.latest.metrics.tokens === 0) &&
    (phase === "running" || (phase === "paused" && isStepping));
  const where = device ? device.adapter : hasWebGpu ? "WebGPU" : "No WebGPU";
  const state = isLost
    ? "device lost"
    : hasWebGpu
      ? isPreparing
        ? build
          ? `compiling kernels, ${build.done} of ${build.total}`
          : "compiling kernels"
        : phase === "paused" && isStepping
          ? "one step"
          : PHASE_NAME[phase]
      : "recorded runs only";
  return (
    <p className="engine-status" data-testid="engine-status" data-phase={phase}>
      <span className="engine-dot" data-phase={isLost ? "lost" : hasWebGpu ? phase : "none"} />
      <span className="engine-where">{where}</span>
      <span className="engine-what">{state}</span>
      {device?.isSoftware && (
        <span className="engine-what wide-only">on the CPU: its times say nothing about GPUs</span>
      )}
    </p>
  );
}

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const THEME_ICON: Readonly<Record<Theme, ReactNode>> = {
  system: <SystemIcon />,
  light: <SunIcon />,
  dark: <MoonIcon />,
};

function ThemeButton() {
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

function TraceMenu() {
  const file = useRef<HTMLInputElement>(null);
  const hasRun = useRun((s) => s.length > 0);
  return (
    <>
      <input
        ref={file}
        type="file"
        accept=".jsonl,.gz,.json,application/json"
        className="visually-hidden"
        tabIndex={-1}
        aria-label="Trace file"
        onChange={(e) => {
          const [chosen] = e.target.files ?? [];
          e.target.value = "";
          if (chosen) void openTraceFile(chosen);
        }}
      />
      <Menu
        className="quiet"
        items={[
          { label: "Open trace file\u2026", onSelect: () => file.current?.click() },
          { label: "Save trace file", isDisabled: !hasRun, onSelect: () => void saveTrace() },
          { label: "Show the recorded run", onSelect: () => void openRecordedRun() },
        ]}
      >
        Trace <ChevronIcon />
      </Menu>
    </>
  );
}

export function Header() {
  const hasStage = useRoute((s) => s.place === HOME);
  return (
    <header className="header">
      <h1>
        <svg viewBox="0 0 26 20" width="26" height="20" aria-hidden="true">
          <path
            d="M3,10C9,10 9,4 15,4M3,10C9,10 9,16 15,16M15,4H22"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.7"
          />
          <circle cx="3.2" cy="10" r="2.7" fill="currentColor" />
          <circle cx="15" cy="4" r="2.7" fill="var(--accepted)" />
          <circle cx="15" cy="16" r="2.2" fill="var(--paper)" stroke="var(--rejected)" strokeWidth="1.6" />
          <path d="M22.5,1.2l2.8,2.8l-2.8,2.8l-2.8,-2.8Z" fill="var(--residual)" />
        </svg>
        Decoscope
      </h1>
      <Places />
      <EngineStatus />
      <OfflineStatus className="offline-status figures wide-only" />
      <div className="header-actions">
        {hasStage && (
          <>
            <button type="button" className="quiet" onClick={() => openDialog("share")}>
              Share
            </button>
            <TraceMenu />
          </>
        )}
        <ThemeButton />
        <button
          type="button"
          className="quiet square"
          aria-label="Help"
          title="Help"
          onClick={() => openDialog("help")}
        >
          ?
        </button>
      </div>
    </header>
  );
}
