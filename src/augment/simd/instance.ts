// Starts a WebAssembly module with 128-bit vectors, where that is to be had (all browsers since 2023, Node).

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Instance<Functions> {
  readonly exports: Functions & { readonly memory: Memory };
}

/** What is used of the global `WebAssembly`, of which only browsers' types tell. */
interface WebAssemblyGlobal<Functions> {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => Instance<Functions>;
}

/**
 * What the module exports; null where there is no WebAssembly with vectors, or it is forbidden to compile.
 * @param code the module in base 64
 */
export function instantiate<Functions>(code: string): Instance<Functions>["exports"] | null {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyGlobal<Functions> };
  if (WebAssembly === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(code), (character) => character.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return null;
  }
}
