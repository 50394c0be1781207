/** Where in the page the visitor is. Written only by ui/navigation.ts, which follows the address. */
import { create } from "zustand";
import { HOME, type Route } from "../routes";

export const useRoute = create<Route>()(() => ({ place: HOME, item: null }));
