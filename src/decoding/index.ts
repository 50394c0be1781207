/** Every decoding method, in the order of the menu. A new method is one file and one line here. */
import { autoregressive } from "./autoregressive";
import type { Method } from "./method";
import { rsdC } from "./rsd_c";
import { rsdS } from "./rsd_s";
import { specinfer } from "./specinfer";
import { spectr } from "./spectr";
import { speculativeChain } from "./speculative_chain";

export const methods: readonly Method[] = [autoregressive, speculativeChain, rsdC, rsdS, spectr, specinfer];

/** The method with this id; undefined for ids that this version does not know. */
export const findMethod = (id: string): Method | undefined => methods.find((method) => method.id === id);
