import { hostname, networkInterfaces } from 'node:os';

/** Whether a server's models lie in this machine's memory: its address is one of this machine's own. */
export function isLocalServer(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = hostOf(url);
  if (host === 'localhost' || host.endsWith('.localhost') || host === hostname().toLowerCase()) return true;
  if (host === '::1' || host === '::' || host === '0.0.0.0' || /^127(\.\d+){3}$/.test(host)) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host));
}

/** As the interfaces write it: no brackets, no dot at the end, an IPv4 address within IPv6 by itself. */
function hostOf(url: string): string {
  const host = new URL(url).hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(host);
  if (mapped === null) return host;
  const parts = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? '', 16));
  return parts.flatMap((part) => [part >> 8, part & 255]).join('.');
}
