// The published package of the same name cannot be had from every network; npm's build of it can.
// @ts-types="./mod.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
