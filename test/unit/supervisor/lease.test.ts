import { describe, expect, it } from 'vitest';
import { Lease } from '../../../src/supervisor/lease.js';

describe('Lease', () => {
  it('gives back once, and is an error the second time', async () => {
    let given = 0;
    const lease = new Lease('slot', () => {
      given += 1;
      return Promise.resolve();
    });
    await lease.release();
    await expect(lease.release()).rejects.toMatchObject({ code: 'LEASE_RELEASED_TWICE' });
    expect(given).toBe(1);
  });
});
