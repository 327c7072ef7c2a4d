/** The npm client etcd3, as far as the benchmark needs it. */

interface Watcher {
  on(event: "put", listener: (kv: { value: Uint8Array }) => void): Watcher;
}

interface Etcd3 {
  put(key: string): { value(value: unknown): Promise<unknown> };
  get(key: string): { buffer(): Promise<Uint8Array | null> };
  watch(): { key(key: string): { create(): Promise<Watcher> } };
  close(): void;
}

/** A client on a cluster of etcd. */
export interface Etcd3Client {
  /** A value in the form that etcd3 takes. */
  toValue(bytes: Uint8Array): unknown;
  put(key: string, value: unknown): Promise<unknown>;
  get(key: string): Promise<unknown>;
  watch(key: string, onValue: (value: Uint8Array) => void): Promise<void>;
  close(): void;
}

// Not in the import map: only this benchmark wants it, and whoever runs it fetches it then.
const PACKAGE = "npm:etcd3@1.1.2";

/** Opens a client. */
export async function openEtcd3(urls: readonly string[]): Promise<Etcd3Client> {
  const { Etcd3 } = await import(PACKAGE) as {
    Etcd3: new (options: { hosts: readonly string[] }) => Etcd3;
  };
  const { Buffer } = await import("node:buffer");
  const client = new Etcd3({ hosts: urls });
  return {
    toValue: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    put: (key, value) => client.put(key).value(value),
    get: (key) => client.get(key).buffer(),
    async watch(key, onValue) {
      const watcher = await client.watch().key(key).create();
      watcher.on("put", ({ value }) => onValue(value));
    },
    close: () => client.close(),
  };
}
