const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The milliseconds that a `grpc-timeout` stands for, or `null` if it is malformed. */
export function parseTimeoutMs(text: string): number | null {
  if (!/^\d{1,8}[HMSmun]$/.test(text)) return null;
  return Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1)];
}
