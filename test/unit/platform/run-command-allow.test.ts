import { describe, expect, it } from 'vitest';
import { isAllowedUnsandboxed } from '../../../src/platform/run-command-allow.js';

describe('isAllowedUnsandboxed', () => {
  it.each([
    ['python3 -m unittest test_x'],
    ['python3 -m py_compile x.py'],
    ['node --test test/'],
    ['node --check x.js'],
    ['go test ./...'],
    ['go vet'],
    ['gofmt -l x.go'],
    ['bash -n x.sh'],
  ])('lets %s run', (line) => {
    expect(isAllowedUnsandboxed(line.split(' '))).toBe(true);
  });

  it.each([
    ['python3 x.py'],
    ['python3 -c pass'],
    ['python3 -m http.server'],
    ['node x.js'],
    ['node --test --import ./evil.js'],
    ['node --test --require=./evil.js'],
    ['go run x.go'],
    ['go test -exec ./evil'],
    ['go test -toolexec=./evil'],
    ['gofmt -l -w x.go'],
    ['bash -c -n'],
    ['./python3 -m unittest'],
    ['rm -rf x'],
    [''],
  ])('refuses %s', (line) => {
    expect(isAllowedUnsandboxed(line.split(' '))).toBe(false);
  });

  it('refuses an empty command line', () => {
    expect(isAllowedUnsandboxed([])).toBe(false);
  });
});
