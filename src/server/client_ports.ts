import { notFound } from "../api/gateway/responses.ts";
import { PLATFORM_CLOCK } from "../client/platform_clock.ts";
import { pathOf } from "../api/gateway/router.ts";
import type { AllHandlers } from "./client_handler.ts";
import { ClientPort } from "./client_port.ts";
import { Listener } from "./listener.ts";
import type { Logger } from "./log.ts";
import { logHttp2Event, tlsLog } from "./log_events.ts";
import type { ServeOptions } from "./serve_flags.ts";

/** Every port for clients: one for all protocols, or gRPC and HTTP apart, and one for metrics. */
export class ClientPorts implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #main: ClientPort;
  readonly #http: Listener;
  readonly #metrics: Listener;
  readonly #isSplit: boolean;

  private constructor(
    stack: AsyncDisposableStack,
    main: ClientPort,
    http: Listener,
    metrics: Listener,
    isSplit: boolean,
  ) {
    this.#stack = stack;
    this.#main = main;
    this.#http = http;
    this.#metrics = metrics;
    this.#isSplit = isSplit;
  }

  /** Binds all of them. @throws {CommandError} when one cannot be, with nothing left bound. */
  static async bind(options: ServeOptions, logger: Logger): Promise<ClientPorts> {
    const { listenHttpUrls, listenMetricsUrls, http2 } = options.clientPort;
    const common = {
      clock: PLATFORM_CLOCK,
      tls: options.clientTls?.files ?? null,
      onTlsEvent: tlsLog(logger, "client"),
    };
    const isSplit = listenHttpUrls.length > 0;
    await using stack = new AsyncDisposableStack();
    const main = stack.use(
      await ClientPort.bind("listen-client-urls", options.listenClientUrls, {
        ...common,
        http2,
        servesHttp1: !isSplit,
        onEvent: (event) => logHttp2Event(logger, event),
      }),
    );
    const http = stack.use(await Listener.bind("listen-client-http-urls", listenHttpUrls, common));
    const metrics = stack.use(
      await Listener.bind("listen-metrics-urls", listenMetricsUrls, common),
    );
    return new ClientPorts(stack.move(), main, http, metrics, isSplit);
  }

  /** From now on requests go to `handlers`. */
  serve({ grpc, fetch, probes }: AllHandlers): void {
    const nothing = (request: Request) => Promise.resolve(notFound(pathOf(request.url)));
    this.#main.serve({ grpc, fetch: this.#isSplit ? nothing : fetch });
    this.#http.serve(fetch);
    this.#metrics.serve(async (request) => {
      const path = pathOf(request.url);
      return await probes.respond(path, request) ?? notFound(path);
    });
  }

  /** Closes them all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
