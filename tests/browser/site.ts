import { assert } from "@std/assert";

/** The script of the worker that holds a replica. */
export const WORKER: URL = new URL("../../src/browser/worker.ts", import.meta.url);
const PAGE = `<!doctype html><script type="module" src="/page.js"></script>`;

/** What a browser loads for a module and all that it imports. */
export async function bundle(url: URL): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--minify", "--platform", "browser", url.pathname],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** A web server for a page that has a replica. */
export class Site implements AsyncDisposable {
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(server: Deno.HttpServer<Deno.NetAddr>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${server.addr.port}/`;
  }

  static async open(pageUrl: URL): Promise<Site> {
    const [page, worker] = await Promise.all([bundle(pageUrl), bundle(WORKER)]);
    const scripts = new Map([["/page.js", page], ["/worker.js", worker]]);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ({ url }) => {
        const script = scripts.get(new URL(url).pathname);
        const type = script === undefined ? "text/html" : "text/javascript";
        return new Response(script ?? PAGE, { headers: { "content-type": type } });
      },
    );
    return new Site(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
