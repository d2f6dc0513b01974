// The one HTTP client, for downloads and for shards: proxies of the environment, limits of time, redirects.
// undici sends; ours is what it does otherwise: its EnvHttpProxyAgent knows no all_proxy and no subdomains of a host in
// no_proxy, its redirects do not say where they led, its retries cannot go on with a file or begin anew.
import type { Dispatcher } from "undici";
import { CutoutError } from "../../error.ts";
import { proxyFor } from "./proxy.ts";

/** All in milliseconds. */
export interface TimeLimits {
  readonly connect: number;
  /** Longest wait for an answer, and for the next byte of it. */
  readonly silence: number;
}

export interface Question {
  /** How errors of the one who asks begin: `data get`, `webdataset`. */
  readonly asker: string;
  readonly url: string;
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export type Answer = Dispatcher.ResponseData;

/** A request without an answer, and which address it was sent to: another one than was asked for after redirects. */
export class NoAnswer extends Error {
  readonly address: string;

  constructor(address: string, cause: unknown) {
    super(`no answer of ${address}`, { cause });
    this.address = address;
  }
}

const mostRedirects = 10;

export class HttpClient {
  readonly #limits: TimeLimits;
  /** By the address of the proxy; empty for none. */
  readonly #agents = new Map<string, Dispatcher>();

  constructor(limits: TimeLimits) {
    this.#limits = limits;
  }

  /**
   * Sends a request, follows where it is sent, and waits for the head of the answer, whose body must be read or
   * dropped. The bytes are those of the server's file: nothing is unpacked on the way.
   *
   * @throws CutoutError when it is led too far or elsewhere than to an http(s) address; NoAnswer otherwise
   */
  async ask({ asker, url, method = "GET", headers = {}, signal }: Question): Promise<Answer> {
    const { Agent, ProxyAgent, request } = await import("undici"); // with the first question: most runs ask none
    const { connect, silence } = this.#limits;
    const limits = { headersTimeout: silence, bodyTimeout: silence };
    // Without "identity" some servers pack what is packed already, and the bytes are no longer those of the file.
    const sent = { "user-agent": "cutout", "accept-encoding": "identity", ...headers };
    let address = url;
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      // Each address of a chain of redirects has a proxy of its own.
      const proxy = proxyFor(address, process.env, asker) ?? "";
      let dispatcher = this.#agents.get(proxy);
      if (dispatcher === undefined) {
        // An http address is asked of a proxy in full: many let only https through a tunnel.
        const options = { uri: proxy, proxyTunnel: false, proxyTls: { timeout: connect } };
        dispatcher = proxy === "" ? new Agent({ connect: { timeout: connect } }) : new ProxyAgent(options);
        this.#agents.set(proxy, dispatcher);
      }
      const answer = await request(address, { dispatcher, method, signal, headers: sent, ...limits }).catch(
        (error: unknown) => {
          throw new NoAnswer(address, error);
        },
      );
      const { location } = answer.headers;
      if (answer.statusCode < 300 || answer.statusCode > 399 || location === undefined) return answer;
      drop(answer);
      const next = URL.canParse(String(location), address)
        ? new URL(String(location), address).href
        : String(location);
      if (!/^https?:/.test(next)) {
        throw new CutoutError({
          where: asker,
          what: `${address} must lead to an http or https address`,
          got: next,
        });
      }
      address = next;
    }
    throw new CutoutError({
      where: asker,
      what: `${url} must lead somewhere`,
      got: `more than ${mostRedirects} redirects`,
    });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }
}

/** Ends an answer that is not read to its end; undici would throw at nobody in particular. */
export function drop({ body }: Answer): void {
  body.on("error", () => {}).destroy();
}
