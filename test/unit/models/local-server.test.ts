import { hostname, networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isLocalServer } from '../../../src/models/local-server.js';

describe('a server on this machine', () => {
  it.each([
    'http://127.0.0.1:11434',
    'http://127.8.9.10',
    'http://127.1:11434',
    'https://localhost/ollama',
    'http://LOCALHOST:11434',
    'http://localhost.:11434',
    'http://models.localhost:8080/v1',
    'http://0.0.0.0:11434',
    'http://[::1]:11434',
    'http://[::]:11434',
    'http://[0:0:0:0:0:0:0:1]',
    'http://[::ffff:127.0.0.1]:11434',
    'http://user:secret@127.0.0.1:11434',
    `http://${hostname()}:11434`,
    `http://${hostname().toUpperCase()}:11434`,
  ])('%s', (url) => {
    expect(isLocalServer(url)).toBe(true);
  });

  it('by each address of its network interfaces', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    expect(addresses.length).toBeGreaterThan(0);
    for (const { address, family } of addresses) {
      const host = family === 'IPv6' ? `[${address}]` : address;
      expect([host, isLocalServer(`http://${host}:11434`)]).toEqual([host, true]);
    }
  });
});

describe('a server elsewhere', () => {
  it.each([
    'http://192.0.2.7:11434',
    'http://[2001:db8::7]:11434',
    'http://[::ffff:192.0.2.7]:11434',
    'https://api.example.com/v1',
    'http://127.0.0.1.example.com',
    'http://127.example.com:11434',
    'http://notlocalhost:11434',
    'http://localhost.example.com',
    'http://localhost@192.0.2.7:11434',
    'embedded',
    '',
  ])('%s', (url) => {
    expect(isLocalServer(url)).toBe(false);
  });
});
