/** A ground of the sheet's colour around letters, which keeps them readable over lines and dark cells. */
export const GROUND = {
  paintOrder: "stroke",
  stroke: "var(--sheet)",
  strokeWidth: 3,
  strokeLinejoin: "round",
} as const;
