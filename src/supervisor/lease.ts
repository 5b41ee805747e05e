import { WilsonError } from '../errors.js';

/**
 * Something taken that must be given back exactly once (I4): a slot, a reservation, a model.
 * `release` of the same lease a second time throws `LEASE_RELEASED_TWICE`: it is a fault of the program.
 */
export class Lease {
  private released = false;

  constructor(
    readonly subject: string,
    private readonly giveBack: () => Promise<void>,
  ) {}

  async release(): Promise<void> {
    if (this.released) {
      throw new WilsonError('LEASE_RELEASED_TWICE', `The lease of the ${this.subject} was released twice.`);
    }
    this.released = true;
    await this.giveBack();
  }
}
