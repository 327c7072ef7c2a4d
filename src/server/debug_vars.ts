/** Where etcd shows variables of its process, as Go's `expvar` does. */
export const DEBUG_VARS_PATH = "/debug/vars";

/** What there is of them. The command line is not: it may hold what is nobody's business. */
export function debugVars(): Response {
  const { rss, heapTotal, heapUsed } = Deno.memoryUsage();
  return Response.json({
    memstats: { Sys: rss, HeapSys: heapTotal, HeapAlloc: heapUsed },
  });
}
