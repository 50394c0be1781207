/** The memory of the last conversation on the device, kept so that its next turn need not read the text again. */
import type { Engine } from "../engine/dispatch_list";
import { GpuSession, type SessionOptions } from "../runtime/session";
import type { SessionKeeper } from "./run";

/** What two texts must have in common to go by one memory. */
const isAlike = (a: SessionOptions, b: SessionOptions): boolean =>
  a.target === b.target && a.draft === b.draft && a.treeNodes === b.treeNodes && a.tuning === b.tuning;

/** Holds one session: memory is scarce, and turns of one conversation follow one another. */
export class LastSession implements SessionKeeper {
  private kept: { readonly session: GpuSession; readonly options: SessionOptions } | null = null;
  private lent: SessionOptions | null = null;
  private text: readonly number[] = [];

  constructor(private readonly engine: Engine) {}

  async open(options: SessionOptions): Promise<GpuSession> {
    const { kept } = this;
    this.kept = null;
    this.lent = options;
    if (kept && isAlike(kept.options, options)) {
      kept.session.goOn(this.text, options);
      return kept.session;
    }
    kept?.session.dispose();
    return GpuSession.open(this.engine, options);
  }

  giveBack(session: GpuSession, text: readonly number[] | null): void {
    this.drop();
    if (text && this.lent) {
      this.kept = { session, options: this.lent };
      this.text = text;
    } else session.dispose();
    this.lent = null;
  }

  /** Frees what is kept. */
  drop(): void {
    this.kept?.session.dispose();
    this.kept = null;
    this.text = [];
  }
}
