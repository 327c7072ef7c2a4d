import type { LoadClient } from "./client_load.ts";

interface Watcher {
  on(event: "put", listener: (kv: { value: Uint8Array }) => void): Watcher;
}

/** The npm client etcd3, as far as the benchmark needs it. */
interface Etcd3 {
  put(key: string): { value(value: unknown): Promise<unknown> };
  get(key: string): { buffer(): Promise<Uint8Array | null> };
  watch(): { key(key: string): { create(): Promise<Watcher> } };
}

// Not in the import map: only this benchmark wants it, and whoever runs it fetches it then.
const PACKAGE = "npm:etcd3@1.1.2";

/** Opens a client on a cluster of etcd. */
export async function openEtcd3(urls: readonly string[]): Promise<LoadClient> {
  const { Etcd3 } = await import(PACKAGE) as {
    Etcd3: new (options: { hosts: readonly string[] }) => Etcd3;
  };
  const { Buffer } = await import("node:buffer");
  const client = new Etcd3({ hosts: urls });
  return {
    put: (key, value) => client.put(key).value(Buffer.from(value)),
    get: (key) => client.get(key).buffer(),
    async watch(key, onValue) {
      const watcher = await client.watch().key(key).create();
      watcher.on("put", ({ value }) => onValue(value));
    },
  };
}
