// How much memory there is left on this machine.
import { freemem } from "node:os";

/** Bytes that programs can still have. */
export const availableMemory = (): number => process.availableMemory?.() ?? freemem();
