/**
 * Ports for servers that tests start. Why not port 0: the system draws those from the range that it
 * also gives to connections going out, so such a port may be taken again before its server starts.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
/** Those that were given away: their servers may not listen yet. */
const given = new Set<number>();

/** Finds `count` ports that nothing listens on right now. */
export function freePorts(count: number): number[] {
  return Array.from({ length: count }, () => freePortBlock([0]));
}

/** Finds a port from which on all of `offsets` are free right now. */
export function freePortBlock(offsets: readonly number[]): number {
  for (;;) {
    const base = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const ports = offsets.map((offset) => base + offset);
    if (ports.some((port) => given.has(port))) continue;
    const listeners: Deno.TcpListener[] = [];
    try {
      for (const port of ports) listeners.push(Deno.listen({ hostname: "127.0.0.1", port }));
      for (const port of ports) given.add(port);
      return base;
    } catch {
      // One of them is taken: draw again.
    } finally {
      for (const listener of listeners) listener.close();
    }
  }
}
