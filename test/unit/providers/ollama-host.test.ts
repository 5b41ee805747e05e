import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WilsonError } from '../../../src/errors.js';
import { displayUrl, parseOllamaHost } from '../../../src/providers/ollama-host.js';

describe('parseOllamaHost', () => {
  it.each([
    [undefined, 'http://127.0.0.1:11434'],
    ['', 'http://127.0.0.1:11434'],
    ['  ', 'http://127.0.0.1:11434'],
    ['server', 'http://server:11434'],
    ['server:8080', 'http://server:8080'],
    [':8080', 'http://127.0.0.1:8080'],
    ['127.0.0.1', 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['http://0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['http://server', 'http://server'],
    ['http://server:80', 'http://server'],
    ['https://server', 'https://server'],
    ['https://server:443', 'https://server'],
    ['https://server:8443', 'https://server:8443'],
    ['HTTP://Server:1234', 'http://server:1234'],
    ['http://server:11434/', 'http://server:11434'],
    ['server:11434/', 'http://server:11434'],
    ['http://server/ollama', 'http://server/ollama'],
    ['http://server:8080/api-gate/ollama/', 'http://server:8080/api-gate/ollama'],
    ['server/prefix', 'http://server:11434/prefix'],
    ['[::1]', 'http://[::1]:11434'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['::1', 'http://[::1]:11434'],
    ['fe80::1234', 'http://[fe80::1234]:11434'],
    ['[::]:8080', 'http://[::1]:8080'],
    ['::', 'http://[::1]:11434'],
    ['http://[fe80::1]:8080/x', 'http://[fe80::1]:8080/x'],
    ['"server:8080"', 'http://server:8080'],
    ["'server'", 'http://server:11434'],
    [' server:8080 ', 'http://server:8080'],
    ['http://user:pass@server:8080', 'http://user:pass@server:8080'],
  ])('%s means %s', (given, expected) => {
    expect(parseOllamaHost(given)).toBe(expected);
  });

  it.each([
    'server:port',
    'server:0',
    'server:65536',
    'server:-1',
    'ftp://server',
    'unix:///var/run/ollama.sock',
    ':',
    'http://',
    'my server',
    'server?x=1',
    '[::1',
    '[xyz]:80',
    'http://:abc',
  ])('%s is no address', (given) => {
    expect(() => parseOllamaHost(given)).toThrow(WilsonError);
    try {
      parseOllamaHost(given);
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('OLLAMA_HOST') });
    }
  });

  it('gives what URL takes, or a WilsonError, and nothing else; what it gives means the same again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.ipV4(), fc.ipV6(), fc.domain()), (given) => {
        let url: string;
        try {
          url = parseOllamaHost(given);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(WilsonError);
          return;
        }
        expect(() => new URL(url)).not.toThrow();
        expect(url.endsWith('/')).toBe(false);
        expect(parseOllamaHost(url)).toBe(url);
      }),
      { numRuns: 500 },
    );
  });

  it('names no password in its error', () => {
    expect(() => parseOllamaHost('http://user:secret@server:port')).toThrow(/^(?!.*secret)/);
  });
});

describe('displayUrl', () => {
  it('leaves out who logs in', () => {
    expect(displayUrl('http://user:secret@server:8080/x@y')).toBe('http://server:8080/x@y');
    expect(displayUrl('http://server:8080')).toBe('http://server:8080');
  });
});
