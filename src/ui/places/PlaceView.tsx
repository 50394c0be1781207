/** Another place than the playground: its heading, and what happens while its code is on the way or does not come. */
import { Suspense, useEffect, useRef } from "react";
import { Barrier } from "../Barrier";
import { LICENCES } from "../routes";
import type { Place } from "./index";

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
      <footer className="place-foot help">
        Apache-2.0. <a href={LICENCES}>Licences of everything in this page</a>
      </footer>
    </div>
  );
}
