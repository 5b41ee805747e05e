import { hostname, networkInterfaces } from 'node:os';

/** Whether a server's models lie in this machine's memory: its address is one of this machine's own. */
export function isLocalServer(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost') || host === hostname().toLowerCase()) return true;
  if (host === '::1' || host === '::' || host === '0.0.0.0' || /^127\./.test(host)) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host));
}
