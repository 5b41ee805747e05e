/**
 * The entry of a task worker: one process, one attempt. It says hello, is told which attempt it serves, says ready,
 * gets its work, answers with one result, and ends when that is acknowledged or its parent is gone (I3, I5).
 * Nothing heavy is imported before `ready`: a fork must stay as quick as an empty one.
 */
import { systemClock } from '../src/clock.js';
import { keepYoungSpaceSmall } from '../src/platform/young-space.js';
import type { FromWorker, ToWorker, WorkerResult } from '../src/protocol/messages.js';
import { protocolVersion } from '../src/protocol/version.js';
import { HoldGate } from './hold-gate.js';
import { ParentCalls } from './parent-calls.js';

keepYoungSpaceSmall();

const heartbeatMs = 2_000;
const ackWaitMs = 10_000;

const abort = new AbortController();
const gate = new HoldGate(systemClock);
const calls = new ParentCalls(send);
let attempt = 0;

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

function leave(exitCode: number): never {
  process.exit(exitCode);
}

/** Ends after the parent took the result, or gave up on it. */
function sendResult(result: WorkerResult): void {
  const giveUp = setTimeout(() => leave(1), ackWaitMs);
  giveUp.unref();
  send(result);
}

async function work(order: Extract<ToWorker, { type: 'work' }>): Promise<void> {
  const { serveOrder } = await import('./serve-order.js');
  const ownerToken = process.env.WILSON_OWNER ?? '';
  sendResult(await serveOrder(order, { send, gate, calls, signal: abort.signal, ownerToken }));
}

function onMessage(message: ToWorker): void {
  switch (message.type) {
    case 'init':
      if (message.protocol !== protocolVersion) leave(2);
      attempt = message.attempt;
      send({ type: 'ready', attempt });
      return;
    case 'work':
      if (message.attempt !== attempt) leave(2);
      work(message).catch((error: unknown) => {
        console.error(error);
        leave(1);
      });
      return;
    case 'ack':
      leave(0);
      return;
    case 'stop':
      abort.abort(message.reason);
      return;
    case 'hold':
      gate.hold();
      return;
    case 'continue':
      gate.resume();
      return;
    case 'reply':
      calls.onReply(message);
  }
}

process.on('message', onMessage);
// The parent is gone: nobody wants the rest.
process.on('disconnect', () => leave(1));
process.on('SIGTERM', () => {
  abort.abort('SIGTERM');
  setTimeout(() => leave(143), 100).unref();
});
setInterval(() => send({ type: 'heartbeat' }), heartbeatMs).unref();
send({ type: 'hello', protocol: protocolVersion, pid: process.pid });
