/** The line across the top: name, engine, sharing, files, theme, help. */
import { useRef } from "react";
import { AdapterName } from "../adapter";
import { openRecordedRun, saveTrace } from "../files";
import { openFile } from "../open_file";
import { useEngine, type EnginePhase } from "../stores/engine";
import { openDialog } from "../stores/layout";
import { useRun } from "../stores/run";
import { HOME } from "../routes";
import { useRoute } from "../stores/route";
import { FileInput } from "./FileInput";
import { ChevronIcon } from "./icons";
import { Logo } from "./Logo";
import { Menu } from "./Menu";
import { OfflineStatus } from "./OfflineStatus";
import { Places } from "./Places";
import { ThemeButton } from "./ThemeButton";

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
  const hasNone = useRun((s) => s.latest.metrics.tokens === 0);
  const isAwaited = useEngine((s) => s.isAwaited);
  const isPreparing = (isAwaited || hasNone) && (phase === "running" || (phase === "paused" && isStepping));
  const where = device ? (
    <AdapterName of={device.adapter} isSoftware={device.isSoftware} />
  ) : hasWebGpu ? (
    "WebGPU"
  ) : (
    "No WebGPU"
  );
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

function TraceMenu() {
  const input = useRef<HTMLInputElement>(null);
  const hasRun = useRun((s) => s.length > 0);
  return (
    <>
      <FileInput
        ref={input}
        name="Trace file"
        accept=".jsonl,.gz,.json,.html,.htm,application/json,text/html"
        onChoose={(file) => void openFile(file)}
      />
      <Menu
        className="quiet"
        items={[
          { label: "Open trace file\u2026", onSelect: () => input.current?.click() },
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
        <Logo />
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
