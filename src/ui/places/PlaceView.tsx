/** Another place than the playground: its heading, and what happens while its code is on the way or does not come. */
import { Component, Suspense, useEffect, useRef, type ReactNode } from "react";
import type { Place } from "./index";

/** Catches what goes wrong in a place, so that the rest of the page goes on. */
class Barrier extends Component<{ readonly children: ReactNode }, { readonly why: string | null }> {
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

export function PlaceView({ place }: { readonly place: Place }) {
  const box = useRef<HTMLDivElement>(null);
  // Readers and keyboards go where the eye goes.
  useEffect(() => box.current?.focus({ preventScroll: true }), [place]);
  const { Content } = place;
  return (
    <div className="place" ref={box} tabIndex={-1} role="region" aria-label={place.label}>
      <Barrier key={place.id}>
        <Suspense fallback={<p className="place-waiting help">Loading {place.label.toLowerCase()}…</p>}>
          {Content && <Content />}
        </Suspense>
      </Barrier>
    </div>
  );
}
