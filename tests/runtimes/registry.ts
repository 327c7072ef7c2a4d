/**
 * Makes `Deno.test` of runtimes that have none, so that the very tests that Deno runs can be bundled
 * for Node, Bun and pages. Imported before them.
 */

/** What was registered, in order. */
export const registered: { readonly name: string; readonly fn: () => unknown }[] = [];

Reflect.set(globalThis, "Deno", {
  test: (name: string, fn: () => unknown) => registered.push({ name, fn }),
});
