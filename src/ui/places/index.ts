/** The places of the page, in the order of the header. A new one is a line here; its code is fetched when somebody goes there. */
import { lazy, type ComponentType } from "react";
import { HOME } from "../routes";

export interface Place {
  /** Stands in addresses; never changes. */
  readonly id: string;
  /** In the header and in the window's title. */
  readonly label: string;
  /** What is drawn; null for the playground, which is part of the page itself. */
  readonly Content: ComponentType | null;
}

const place = (id: string, label: string, load: () => Promise<ComponentType>): Place => ({
  id,
  label,
  Content: lazy(async () => ({ default: await load() })),
});

export const places: readonly Place[] = [
  { id: HOME, label: "Playground", Content: null },
  place("gallery", "Gallery", async () => (await import("../gallery/Gallery")).Gallery),
  place("compare", "Compare", async () => (await import("../compare/Compare")).Compare),
  place("chat", "Chat", async () => (await import("../chat/Chat")).Chat),
  place("benchmarks", "Benchmarks", async () => (await import("../benchmarks/Benchmarks")).Benchmarks),
  place("models", "Models", async () => (await import("../about_models/AboutModels")).AboutModels),
];

export const placeIds: readonly string[] = places.map((p) => p.id);
