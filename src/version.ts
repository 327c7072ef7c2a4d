/** The version of Kvorum. Invariant: equal to `version` in `deno.json`; the gate compares them. */
export const VERSION = "0.1.0";
