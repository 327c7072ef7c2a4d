/** Finds `count` ports that nothing listens on right now. */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** Finds a port from which on all of `offsets` are free right now. */
export function freePortBlock(offsets: readonly number[]): number {
  for (;;) {
    const [base] = freePorts(1);
    const listeners: Deno.TcpListener[] = [];
    try {
      for (const offset of offsets) {
        listeners.push(Deno.listen({ hostname: "127.0.0.1", port: base + offset }));
      }
      return base;
    } catch {
      // One of them is taken: look further up.
    } finally {
      for (const listener of listeners) listener.close();
    }
  }
}
