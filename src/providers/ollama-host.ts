import { WilsonError } from '../errors.js';

const defaultOllamaPort = 11434;
export const defaultOllamaUrl = `http://127.0.0.1:${defaultOllamaPort}`;

const bindAllHosts = new Set(['0.0.0.0', '[::]']);

/**
 * The base URL that `OLLAMA_HOST` means, in all the forms that Ollama's own tools take: empty, `host`, `host:port`,
 * `:port`, with a scheme, a path prefix, a trailing slash, IPv6 with and without brackets, quotes around it. An address
 * that means "listen everywhere" (`0.0.0.0`, `::`) becomes the loopback one, since nobody can connect to the former. As in
 * Ollama, the port is 80 or 443 where `http://` or `https://` is written out without one, otherwise 11434.
 *
 * Returns a URL without a trailing slash. Throws `CONFIG_INVALID` for what is no address.
 */
export function parseOllamaHost(value: string | undefined): string {
  const text = (value ?? '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();
  if (text === '') return defaultOllamaUrl;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  const protocol = scheme?.[1]?.toLowerCase() ?? 'http';
  if (protocol !== 'http' && protocol !== 'https')
    throw invalidHost(text, `the scheme ${protocol} is not http or https`);
  const rest = scheme ? text.slice(scheme[0].length) : text;
  const slash = rest.search(/[/?#]/);
  const authority = slash === -1 ? rest : rest.slice(0, slash);
  const path = slash === -1 ? '' : rest.slice(slash);
  if (/[?#]/.test(path)) throw invalidHost(text, 'an address has no query');
  return baseUrl(text, protocol, authority, path, scheme !== null);
}

/** A URL for people: as `url`, without a user name and password that may be in it. */
export function displayUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

function baseUrl(text: string, protocol: string, authority: string, path: string, hasScheme: boolean): string {
  const at = authority.lastIndexOf('@');
  const credentials = at === -1 ? '' : authority.slice(0, at + 1);
  const { host, port } = splitAuthority(text, authority.slice(at + 1));
  let url: URL;
  try {
    url = new URL(`${protocol}://${credentials}${host}${path}`);
  } catch (thrown) {
    throw invalidHost(text, 'it is no host name or address', thrown);
  }
  const named = url.hostname;
  const hostname = named === '[::]' ? '[::1]' : bindAllHosts.has(named) ? '127.0.0.1' : named;
  const defaultPort = hasScheme ? (protocol === 'https' ? 443 : 80) : defaultOllamaPort;
  const chosenPort = port ?? defaultPort;
  const shownPort = chosenPort === (protocol === 'https' ? 443 : 80) ? '' : `:${chosenPort}`;
  return `${protocol}://${credentials}${hostname}${shownPort}${url.pathname.replace(/\/+$/, '')}`;
}

function splitAuthority(text: string, authority: string): { host: string; port: number | null } {
  const bracketed = /^(\[[0-9a-f:.%]+\])(?::(.*))?$/i.exec(authority);
  if (bracketed) return { host: bracketed[1] ?? '', port: parsePort(text, bracketed[2]) };
  const colons = authority.split(':').length - 1;
  // Two colons or more without brackets can only be an IPv6 address, which then has no port.
  if (colons > 1) return { host: `[${authority}]`, port: null };
  const [host = '', port] = authority.split(':');
  if (host === '' && (port === undefined || port === '')) throw invalidHost(text, 'the host is missing');
  if (/\s/.test(host)) throw invalidHost(text, 'it has a space in it');
  return { host: host === '' ? '127.0.0.1' : host, port: parsePort(text, port) };
}

function parsePort(text: string, port: string | undefined): number | null {
  if (port === undefined || port === '') return null;
  const number = Number(port);
  if (!/^\d+$/.test(port) || number < 1 || number > 65_535) {
    throw invalidHost(text, `the port ${JSON.stringify(port)} is not a number from 1 to 65535`);
  }
  return number;
}

function invalidHost(text: string, reason: string, cause?: unknown): WilsonError {
  const shown = displayUrl(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  return new WilsonError(
    'CONFIG_INVALID',
    `${JSON.stringify(shown)} is not an address of an Ollama server: ${reason}.`,
    {
      hint: 'Set OLLAMA_HOST (or `host` in config.yaml) to something like 127.0.0.1:11434 or http://server:11434.',
      cause,
    },
  );
}
