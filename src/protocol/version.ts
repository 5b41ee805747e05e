/**
 * Raised whenever a message between parent and worker changes shape; a worker of another version is refused at `hello`.
 * Apart from the messages, so that a worker need not import their validator before it is `ready`.
 */
export const protocolVersion = 4;
