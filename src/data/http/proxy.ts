// Which proxy a request goes through, by the usual variables of the environment. Why not undici's: see client.ts.
import { CutoutError } from "../../error.ts";

/**
 * The proxy for an address by `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, small letters first (of
 * `HTTP_PROXY` and its like, the CGI trap does not matter to a program that is no web server). `no_proxy` is a list
 * of hosts, which stand for their subdomains too, with a port if need be; `*` stands for all.
 *
 * @param asker how the error begins
 * @throws Error when a variable does not hold an http or https address
 */
export function proxyFor(url: string, environment: NodeJS.ProcessEnv, asker: string): string | null {
  const setting = (name: string) => environment[name] || environment[name.toUpperCase()] || "";
  const { protocol, hostname, port } = new URL(url);
  const exempt = setting("no_proxy")
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      const [, host = "", only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry)!;
      const samePort = only === undefined || only === (port || (protocol === "https:" ? "443" : "80"));
      return entry === "*" || (samePort && (hostname === host || hostname.endsWith(`.${host}`)));
    });
  if (exempt) return null;
  const name = `${protocol.slice(0, -1)}_proxy`;
  const proxy = setting(name) || setting("all_proxy");
  if (proxy === "") return null;
  const complete = proxy.includes("://") ? proxy : `http://${proxy}`;
  if (/^https?:\/\/./.test(complete) && URL.canParse(complete)) return complete;
  throw new CutoutError({
    where: asker,
    what: `${name} must be the http address of a proxy`,
    got: proxy,
  });
}
