/**
 * The script of the worker that holds a replica: bundle it, serve it, and name its address to
 * `openBrowserReplica`.
 *
 * @module
 */
import { expose } from "comlink";
import { ReplicaWorker } from "./replica_worker.ts";

expose(new ReplicaWorker());
