import { describe, expect, it } from 'vitest';
import { namedIn, suspectOf } from '../../../../src/agents/code/suspects.js';

const cart = {
  path: 'shop/cart.py',
  text: 'CODES = {}\n\n\ndef new_cart():\n    return []\n\n\ndef apply_discount(amount, code):\n    percent = CODES.get(code)\n    return amount\n\n\nclass Basket:\n    def checkout(self):\n        return 1\n',
};
const users = {
  path: 'shop/users.js',
  text: 'export function findUser(id) {\n  return id;\n}\n\nconst rename = (user) => user;\n',
};

describe('suspectOf', () => {
  it('finds what shares most words with a complaint', () => {
    expect(suspectOf('The discount in cart.py makes things more expensive', [cart, users])).toEqual({
      path: 'shop/cart.py',
      name: 'apply_discount',
    });
    expect(suspectOf('users cannot be found by their number', [cart, users])).toEqual(null);
    expect(suspectOf('finding a user by number gives the wrong one', [cart, users])).toMatchObject({
      name: 'findUser',
    });
  });

  it('guesses nothing from too little, and not between two', () => {
    expect(suspectOf('it is broken', [cart, users])).toBeNull();
    expect(suspectOf('the percent is off', [cart])).toBeNull();
    const twice = { path: 'b.py', text: 'def apply_discount_twice(x):\n    return x\n' };
    expect(suspectOf('discount wrong', [{ ...cart, path: 'a.py' }, twice])).toBeNull();
    expect(suspectOf('anything', [])).toBeNull();
  });
});

describe('namedIn', () => {
  it('names functions, classes and methods with their files', () => {
    expect(namedIn('apply_discount and checkout() are wrong, findUser too', [cart, users])).toEqual([
      { path: 'shop/cart.py', name: 'apply_discount' },
      { path: 'shop/cart.py', name: 'checkout' },
      { path: 'shop/users.js', name: 'findUser' },
    ]);
  });
});
