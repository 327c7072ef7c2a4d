/** Feature gates that were flags before they were gates. Ref: etcd 3.6 embed/config.go. */
const GATES: Readonly<Record<string, string>> = {
  "compact-hash-check-enabled": "CompactHashCheck",
  "enable-lease-checkpoint": "LeaseCheckpoint",
  "enable-lease-checkpoint-persist": "LeaseCheckpointPersist",
  "initial-corrupt-check": "InitialCorruptCheck",
  "stop-grpc-service-on-defrag": "StopGRPCServiceOnDefrag",
  "txn-mode-write-with-shared-buffer": "TxnModeWriteWithSharedBuffer",
};

/**
 * The arguments with etcd's experimental flags under the names that they have had since 3.6. Gates
 * are put into one `--feature-gates` with what is given there.
 */
export function withoutExperiments(args: readonly string[]): string[] {
  const gates: string[] = [];
  const rest: string[] = [];
  for (const arg of args) {
    const match = /^--?experimental-([a-z0-9-]+)(?:=(.*))?$/s.exec(arg);
    if (match === null) {
      rest.push(arg);
      continue;
    }
    const [, name, value] = match;
    if (Object.hasOwn(GATES, name)) gates.push(`${GATES[name]}=${value ?? "true"}`);
    else rest.push(value === undefined ? `--${name}` : `--${name}=${value}`);
  }
  if (gates.length === 0) return rest;
  const at = rest.findLastIndex((arg) => /^--?feature-gates=/.test(arg));
  if (at >= 0) gates.unshift(rest[at].slice(rest[at].indexOf("=") + 1));
  return [...rest, `--feature-gates=${gates.join(",")}`];
}
