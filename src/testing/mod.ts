/**
 * A cluster in memory for the tests of programs that use Kvorum.
 *
 * @module
 */
export * from "../embedded/mod.ts";
export { TestCluster, type TestClusterOptions } from "./test_cluster.ts";
