/** What a client does to one key. `null` is a key that is not there. */
export type RegisterAction =
  | { readonly type: "write"; readonly value: string | null }
  | { readonly type: "read"; value: string | null }
  /** Writes `value` if the key has the expected one; else it has read what the key had. */
  | {
    readonly type: "swap";
    readonly expected: string | null;
    readonly value: string;
    /** Whether it was done; undefined while nobody knows. */
    isDone?: boolean;
    found: string | null;
  };

/** One operation of a client on one key. */
export interface RegisterOperation {
  readonly action: RegisterAction;
  readonly invokedMs: number;
  /** Infinity: nobody knows whether it happened, or when; it may also happen later. */
  returnedMs: number;
  /** The revision that it was answered with, if it changed the key. */
  revision?: number;
}

/** What becomes of a key: undefined if the action cannot have happened with it as it was. */
export function step(value: string | null, action: RegisterAction): string | null | undefined {
  switch (action.type) {
    case "write":
      return action.value;
    case "read":
      return action.value === value ? value : undefined;
    case "swap":
      if (action.isDone === undefined) return value === action.expected ? action.value : value;
      if (action.isDone) return value === action.expected ? action.value : undefined;
      return value !== action.expected && value === action.found ? value : undefined;
  }
}
