/** Catches what goes wrong in a part of the page, such as code that could not be fetched, so that the rest goes on. */
import { Component, type ReactNode } from "react";

export class Barrier extends Component<{ readonly children: ReactNode }, { readonly why: string | null }> {
  override state: { readonly why: string | null } = { why: null };
  static getDerivedStateFromError(thrown: unknown): { why: string } {
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  override render(): ReactNode {
    const { why } = this.state;
    if (why === null) return this.props.children;
    return (
      <div className="notice error" role="alert">
        <div>
          <strong>This part of the page could not be shown</strong>
          <p>{why}. Check the connection and reload the page; the playground works on without it.</p>
        </div>
      </div>
    );
  }
}
