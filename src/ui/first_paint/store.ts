/** Stands in for zustand where markup is made without a browser: there React asks a store for its first state, and gets the present one. */
import { useStore } from "zustand/react";
import { createStore, type StateCreator } from "zustand/vanilla";

export const create =
  <T>() =>
  (initializer: StateCreator<T>) => {
    const api = createStore<T>()(initializer);
    api.getInitialState = api.getState;
    return Object.assign(<U>(selector: (state: T) => U): U => useStore(api, selector), api);
  };
