/** The places of the page as links: each has an address of its own, so the browser's back button and new tabs work. */
import { places } from "../places/index";
import { hrefOf } from "../routes";
import { useRoute } from "../stores/route";

export function Places() {
  const place = useRoute((s) => s.place);
  return (
    <nav className="places" aria-label="Places">
      {places.map((p) => (
        <a key={p.id} href={hrefOf(p.id)} aria-current={p.id === place ? "page" : undefined}>
          {p.label}
        </a>
      ))}
    </nav>
  );
}
