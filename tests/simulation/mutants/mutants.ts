/** A known way to get Kvorum wrong, as a change of one place in one file. */
export interface Mutant {
  readonly name: string;
  /** The file below `src`. */
  readonly file: string;
  /** What is there once, and what it becomes. */
  readonly search: string;
  readonly replace: string;
  /** The simulator must fail within so many seeds, from 1 on. */
  readonly seedsMax: number;
}

const RAFT: readonly Mutant[] = [
  {
    name: "a vote is answered before it is durable",
    file: "raft/election.ts",
    search: "state.promises.push(answer);",
    replace: "state.messages.push(answer);",
    seedsMax: 10,
  },
  {
    name: "a vote is given to two candidates",
    file: "raft/election.ts",
    search: "if (state.vote === NO_MEMBER && state.leader === NO_MEMBER) return true;",
    replace: "if (state.leader === NO_MEMBER) return true;",
    seedsMax: 100,
  },
  {
    name: "a vote is forgotten over a restart",
    file: "raft/state.ts",
    search: "this.vote = recovered.hardState.vote;",
    replace: "this.vote = NO_MEMBER;",
    seedsMax: 100,
  },
  {
    name: "the longer log wins, whatever its last term",
    file: "raft/election.ts",
    search: "if (message.lastTerm !== lastTerm) return message.lastTerm > lastTerm;",
    replace: "void lastTerm;",
    seedsMax: 300,
  },
  {
    name: "an entry of an old term is committed by counting",
    file: "raft/replication.ts",
    search: "if (index <= log.commit || log.termAt(index) !== state.term) return;",
    replace: "if (index <= log.commit) return;",
    seedsMax: 400,
  },
  {
    name: "the leader counts itself before its own sync",
    file: "raft/replication.ts",
    search: "id === state.id ? log.stable :",
    replace: "id === state.id ? log.lastIndex :",
    seedsMax: 150,
  },
  {
    name: "entries are acknowledged before they are durable",
    file: "raft/following.ts",
    search: "state.promises.push({",
    replace: "state.messages.push({",
    seedsMax: 10,
  },
  {
    name: "a heartbeat's commit index is not capped",
    file: "raft/replication.ts",
    search: "const commit = Math.min(progress.match, state.log.settledCommit);",
    replace: "const commit = state.log.settledCommit;",
    seedsMax: 50,
  },
  {
    name: "a message that brings nothing new cuts the log off",
    file: "raft/log.ts",
    search: "while (known < entries.length && this.matches(",
    replace: "while (known < 0 && this.matches(",
    seedsMax: 50,
  },
  {
    name: "half of an even number is a quorum",
    file: "raft/quorum.ts",
    search: "return sorted[(sorted.length - 1) >>> 1];",
    replace: "return sorted[sorted.length >>> 1];",
    seedsMax: 100,
  },
  {
    name: "what storage holds is overestimated after a replacement",
    file: "raft/log.ts",
    search: "this.#stable = this.#handed;",
    replace: "this.#stable = this.lastIndex;",
    seedsMax: 50,
  },
  {
    name: "reads are served before the term's first commit",
    file: "raft/read_index.ts",
    search:
      'return state.role === "leader" && state.reads.hasGathered && state.hasCommittedInTerm;',
    replace: 'return state.role === "leader" && state.reads.hasGathered;',
    seedsMax: 400,
  },
  {
    name: "reads are served without asking a quorum",
    file: "raft/read_queue.ts",
    search: "(id) => id === self ? this.#newestRound : this.#answered.get(id) ?? 0,",
    replace: "(id) => (void id, void self, this.#newestRound),",
    seedsMax: 300,
  },
  {
    name: "two changes of the members are under way at once",
    file: "raft/membership.ts",
    search: 'if (state.pendingConfigurationIndex > state.log.applied) return "pending";',
    replace: "",
    seedsMax: 400,
  },
  {
    name: "a snapshot is said to stand where the machine does not yet",
    file: "raft/replication.ts",
    search: "const index = log.applied;",
    replace: "const index = log.commit;",
    seedsMax: 600,
  },
  {
    name: "a removed member hears of it before the leader knows for good",
    file: "raft/log.ts",
    search: "if (!this.hasUnsettledConfiguration) return this.#commit;",
    replace: "if (this.#commit >= 0) return this.#commit;",
    seedsMax: 400,
  },
  {
    name: "the new half of a joint configuration decides alone",
    file: "raft/quorum.ts",
    search: "return Math.min(incoming, majorityIndex(configuration.outgoing, indexOf));",
    replace: "return incoming;",
    seedsMax: 1_000,
  },
];

const STORAGE: readonly Mutant[] = [
  {
    name: "the log is not synced",
    file: "storage/file_log/segmented_log.ts",
    search: "await file.sync();\n    this.#end",
    replace: "this.#end",
    seedsMax: 20,
  },
  {
    name: "a failed sync is ignored",
    file: "storage/file_log/segmented_log.ts",
    search: "await file.sync();\n    this.#end",
    replace: 'await file.sync().catch(() => "ignored");\n    this.#end',
    seedsMax: 50,
  },
  {
    name: "what was recovered is not made durable",
    file: "storage/file_log/segmented_log.ts",
    search: "await this.#current.sync();\n    await this.#clearTorn(this.#current);",
    replace: "await this.#clearTorn(this.#current);",
    seedsMax: 300,
  },
  {
    name: "the name of a new object is not synced",
    file: "storage/file_log/file_medium.ts",
    search: "await this.#fs.rename(unfinished, fileName);\n    await this.#fs.syncDirectory();",
    replace: "await this.#fs.rename(unfinished, fileName);",
    seedsMax: 50,
  },
  {
    name: "a record without a hard state forgets the one before",
    file: "storage/journal/journal_log_store.ts",
    search: "hardState: hardState ?? this.#hardState,",
    replace: "hardState: hardState ?? EMPTY_HARD_STATE,",
    seedsMax: 10,
  },
  {
    name: "frames are dropped whose entries are still needed",
    file: "storage/journal/journal_log_store.ts",
    search: "const oldest = Math.min(this.#shape.oldestFrame() ?? newest, newest);",
    replace: "const oldest = newest;",
    seedsMax: 50,
  },
  {
    name: "what is left of a torn write stays",
    file: "storage/file_log/segmented_log.ts",
    search: "await this.#clearTorn(this.#current);",
    replace: "",
    seedsMax: 400,
  },
  {
    name: "damage in a record is passed over",
    file: "storage/journal/frame.ts",
    search: "if (payloadCrc32(payload) !== header.payloadChecksum) return null;",
    replace: "void payloadCrc32;",
    seedsMax: 100,
  },
  {
    name: "what comes behind damage is dropped without a word",
    file: "storage/file_log/log_scan.ts",
    search: 'if (tail === "damaged" || (tail === "torn" && !isLast)) {',
    replace: 'if (tail === "torn" && !isLast) {',
    seedsMax: 100,
  },
];

const REPLICA: readonly Mutant[] = [
  {
    name: "a read is served before the machine has come so far",
    file: "replica/read_barriers.ts",
    search: "if (round.index !== null && round.index <= appliedIndex) {",
    replace: "if (round.index !== null && appliedIndex >= 0) {",
    seedsMax: 50,
  },
  {
    name: "reads are served by Raft's mark while a snapshot is being installed",
    file: "replica/loop.ts",
    search: "barriers.serve(this.#applied.index);",
    replace: "barriers.serve(raft.status().applied);",
    seedsMax: 400,
  },
  {
    name: "the answer to an earlier question is taken for a later one's",
    file: "replica/read_barriers.ts",
    search: "if (this.#asking === null || this.#asking.context !== context) return;",
    replace: "if (this.#asking === null) return;",
    seedsMax: 200,
  },
  {
    name: "the batches of an earlier start are taken for this one's",
    file: "replica/proposals.ts",
    search: "return origin === this.#origin && incarnation === this.#incarnation;",
    replace: "return origin === this.#origin && incarnation <= this.#incarnation;",
    seedsMax: 100,
  },
  {
    name: "a saved snapshot is said to stand one entry ahead",
    file: "replica/loop.ts",
    search: "this.#keeper.save({ index, term,",
    replace: "this.#keeper.save({ index: Math.min(index + 1, raft.commit), term,",
    seedsMax: 50,
  },
  {
    name: "the numbers of reads begin anew with each start",
    file: "replica/read_barriers.ts",
    search: "this.#nextContext = (incarnation % 2 ** 20) * CONTEXTS_PER_INCARNATION + 1;",
    replace: "this.#nextContext = 1 + 0 * incarnation * CONTEXTS_PER_INCARNATION;",
    seedsMax: 1_000,
  },
  {
    name: "who leaves goes before the joint configuration is left",
    file: "replica/member_changes.ts",
    search: "const ids = membersOf(configuration);",
    replace: "const ids = [...configuration.voters, ...configuration.learners];",
    seedsMax: 200,
  },
];

const MACHINE: readonly Mutant[] = [
  {
    name: "a batch is applied twice",
    file: "machine/machine.ts",
    search: "!this.#proposers.admit(origin, incarnation, number);",
    replace: "!(this.#proposers.admit(origin, incarnation, number) || true);",
    seedsMax: 20,
  },
  {
    name: "a request with an identity is applied twice",
    file: "machine/machine.ts",
    search: "const known = this.#identities.find(identity);",
    replace: "const known = [this.#identities.find(identity)].find(() => false) ?? null;",
    seedsMax: 50,
  },
  {
    name: "a snapshot forgets which batches were applied",
    file: "machine/machine.ts",
    search: "this.#tables = [leases, members, alarms, this.#proposers, this.#identities",
    replace: "this.#tables = [leases, members, alarms, this.#identities",
    seedsMax: 50,
  },
  {
    name: "a snapshot forgets a lease",
    file: "lease/lease_table.ts",
    search: "this.#leases.set(id, { id, ttlSeconds, endsMs,",
    replace: "if (i > 0) this.#leases.set(id, { id, ttlSeconds, endsMs,",
    seedsMax: 50,
  },
  {
    name: "a snapshot forgets which keys are on leases",
    file: "machine/machine.ts",
    search: "for (const { key, lease } of pass.leased) this.leases.attach(lease, key);",
    replace: "",
    seedsMax: 100,
  },
  {
    name: "a lease ends and its keys stay",
    file: "machine/apply_lease.ts",
    search: "if (keys.length > 0) {",
    replace: "if (keys.length < 0) {",
    seedsMax: 20,
  },
];

const LEASES_AND_WATCHES: readonly Mutant[] = [
  {
    name: "a renewal is acknowledged before it is applied",
    file: "replica/replica.ts",
    search:
      "return renewedSeconds(await this.propose(CommandKind.LeaseRenew, leaseRenewal(id), options));",
    replace:
      "this.propose(CommandKind.LeaseRenew, leaseRenewal(id), options).catch(() => renewedSeconds);\n" +
      "    return await Promise.resolve(this.machine.leases.get(id)?.ttlSeconds ?? 0);",
    seedsMax: 20,
  },
  {
    name: "a renewal does not last",
    file: "lease/lease_table.ts",
    search: "lease.endsMs = this.#endOf(lease.ttlSeconds);",
    replace: "",
    seedsMax: 20,
  },
  {
    name: "a lease ends when a leader says so, whoever renewed it",
    file: "machine/apply_lease.ts",
    search: "state.leases.isOver(request.id)",
    replace: "state.leases.has(request.id)",
    seedsMax: 100,
  },
  {
    name: "a new leader starts its clock at zero",
    file: "replica/lease_clock.ts",
    search: "this.#set(term, this.read(nowMs), nowMs);",
    replace: "this.#set(term, 0, nowMs);",
    seedsMax: 20,
  },
  {
    name: "a new leader starts its clock where the log stands",
    file: "replica/lease_clock.ts",
    search: "this.#set(term, this.read(nowMs), nowMs);",
    replace: "this.#set(term, this.#readingMs, nowMs);",
    seedsMax: 200,
  },
  {
    name: "a leader stamps what it proposes with what it has applied",
    file: "replica/hand_over.ts",
    search: "stampBatch(batch, this.#stampMs())",
    replace: "stampBatch(batch, Math.floor(0 * this.#stampMs()))",
    seedsMax: 20,
  },
  {
    name: "watchers miss what a snapshot brings",
    file: "mvcc/watch_hub.ts",
    search: "if (watcher.nextRevision <= this.store.revision) watcher.stream.fallBehind(watcher);",
    replace: "watcher.nextRevision = this.store.revision + 1;",
    seedsMax: 200,
  },
  {
    name: "a watch that resumes misses its first revision",
    file: "mvcc/watch_stream.ts",
    search: "const next = behind ? request.startRevision :",
    replace: "const next = behind ? request.startRevision + 1 :",
    seedsMax: 20,
  },
  {
    name: "progress overtakes events",
    file: "mvcc/watch_stream.ts",
    search: "return !this.#unsynced.has(watcher) &&",
    replace: "return",
    seedsMax: 200,
  },
];

/**
 * Bugs that take more luck than a table can wait for: `--rare` hunts for them. Smaller tests hold each
 * of them: the scenarios, the tests of storage, of reads and of leases.
 */
export const RARE_MUTANTS: readonly Mutant[] = [
  {
    name: "a lease for reads outlives the order to campaign",
    file: "raft/transfer.ts",
    search: "state.leaseRevoked = true;",
    replace: "",
    seedsMax: 3_000,
  },
  {
    name: "in lease mode heartbeats take reads along before the term's first commit",
    file: "raft/read_index.ts",
    search: 'if (settings.readMode === "lease" && state.hasCommittedInTerm)',
    replace: 'if (settings.readMode === "lease")',
    seedsMax: 3_000,
  },
  {
    name: "a follower takes the clock of a leader whose log it does not have",
    file: "replica/lease_clock.ts",
    search: "if (term === this.#followedTerm) this.#hear(",
    replace: "this.#hear(",
    seedsMax: 3_000,
  },
];

/** The planted bugs that the simulator must find. */
export const MUTANTS: readonly Mutant[] = [
  ...RAFT,
  ...STORAGE,
  ...REPLICA,
  ...MACHINE,
  ...LEASES_AND_WATCHES,
];
