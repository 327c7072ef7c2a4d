/**
 * The versions of etcd that Kvorum stands in for. Clients switch features on by them: an API server
 * of Kubernetes needs at least 3.4.31 and refuses 3.5.0 to 3.5.12.
 */

/** What `/version` and `Status` report as the server's version. */
export const ETCD_SERVER_VERSION = "3.6.0";
/** What `/version` reports as the version that the whole cluster has agreed on. */
export const ETCD_CLUSTER_VERSION = "3.6.0";
/** What `Status` reports as the version of the storage's schema. */
export const ETCD_STORAGE_VERSION = "3.6.0";
