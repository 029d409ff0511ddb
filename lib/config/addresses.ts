/** Addresses in settings. Without the platform's `URL`, which also repairs what was not meant. */
import { isSwitchWord, type Parser } from "./parsers.ts";

const HTTP = /^https?:\/\/(\[[0-9a-f:.]+\]|[^/?#\s\\:@[\]]+)(?::(\d{1,5}))?(\/[^\s?#]*)?(\?[^\s#]*)?$/i;

/** An http or https address; `query`: it may have one. */
export function httpAddress({ query }: { readonly query: boolean }): Parser<string> {
  const rule = "must be an http or https address without user name and password" +
    (query ? "" : ", like https://coder.example.com");
  return (text) => {
    const match = HTTP.exec(text);
    return match === null || Number(match[2] ?? 0) > 65535 || (match[4] !== undefined && !query)
      ? { rule }
      : { value: text };
  };
}

/** Whether what is sent to an http address can be read on the way. */
export function isReadableByOthers(address: string): boolean {
  const host = /^http:/i.test(address) ? HTTP.exec(address)?.[1] : undefined;
  return host !== undefined && !isLoopback(host);
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Where to listen: an IPv4 or IPv6 address, with or without brackets, or a name. */
export const listenHost: Parser<string> = (text) => {
  const rule =
    "must be an address or a host name, without a port: 0.0.0.0 listens on IPv4, :: on IPv6 and IPv4";
  const host = /^\[([^[\]]*)\]$/.exec(text)?.[1] ?? text;
  if (/^(?=.{2,64}$)[0-9a-f.]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i.test(host)) return { value: host };
  if (host !== text || isSwitchWord(host)) return { rule };
  if (/^[\d.]+$/.test(host)) return isIpv4(host) ? { value: host } : { rule };
  return /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i
      .test(host)
    ? { value: host }
    : { rule };
};

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
