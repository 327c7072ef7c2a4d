const KEYS_PER_TXN = 100;
const CLIENTS = 8;

/** The key with this number, 32 bytes of base64: keys that follow each other are spread widely. */
export function keyOf(index: number): string {
  const spread = String(Math.imul(index, 2654435761) >>> 0).padStart(10, "0");
  return btoa(`/registry/pods/${spread}-${String(index).padStart(6, "0").slice(-6)}`);
}

/** A value of so many bytes that compresses badly, in base64. */
export function randomValue(byteCount: number): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(byteCount))));
}

/** Puts `count` keys through a server's HTTP gateway, a hundred in one transaction. */
export async function fillStore(url: string, count: number, valueBytes: number): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (next < count) {
      const first = next;
      next += KEYS_PER_TXN;
      const success = Array.from({ length: Math.min(KEYS_PER_TXN, count - first) }, (_, i) => ({
        requestPut: { key: keyOf(first + i), value: randomValue(valueBytes) },
      }));
      const response = await fetch(`${url}/v3/kv/txn`, {
        method: "POST",
        body: JSON.stringify({ success }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`Cannot put keys ${first} and on: ${text}`);
    }
  }));
}
