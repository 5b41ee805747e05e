import { homedir } from 'node:os';
import { type Clock, systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import type { SandboxKind } from '../platform/command.js';
import { createCommandRunner } from '../platform/run-command.js';
import { persist } from '../store/persist.js';
import type { StoreThread } from '../store/store-thread.js';
import type { ImageCheckOptions } from '../supervisor/check-images.js';
import type { VerificationPort } from '../supervisor/port.js';
import type { CheckSpec } from '../task/definition-of-done.js';
import type { Task } from '../task/task.js';
import { planChecks } from '../verification/plan-checks.js';
import { runChecks } from '../verification/run-checks.js';
import { whollyApplied } from '../workspace/applied.js';
import { applyWorkspace } from '../workspace/apply.js';
import { dependenciesOf } from '../workspace/dependencies.js';
import { changedFiles } from '../workspace/diff.js';
import { onceFree } from '../workspace/free-folder.js';

export interface VerificationOptions {
  readonly sessionId: string;
  readonly stateFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** What was found to work here. */
  readonly sandbox: SandboxKind;
}

/**
 * The supervisor's look at a workspace: what changed, and the Definition of Done run on it. The commands carry the mark of
 * their task, so that whoever ends the task finds them.
 */
export function createVerification(options: VerificationOptions): VerificationPort {
  const { sessionId, stateFolder, env, sandbox } = options;
  return {
    verify: async (task, workspace, proposed, signal, reviews = []) => {
      const ownerToken = `${sessionId}:${task.id}:${task.attempt}:check`;
      const dependencies = await dependenciesOf(workspace.root);
      const given = { env, hide: [stateFolder], force: sandbox, dependencies };
      const commands = await createCommandRunner({ ownerToken, ...given });
      const files = await changedFiles(workspace);
      // The approval comes from a reviewer, after these; where there are reviews, it is looked at with them.
      const asked = [...task.demands, ...proposed].filter(({ check }) => check !== 'review_approved');
      const approval: CheckSpec[] = reviews.length === 0 ? [] : [{ check: 'review_approved' }];
      const plan = planChecks({ description: task.description, type: task.type, changed: files, proposed: asked });
      const checks = await runChecks([...plan, ...approval], { workspace, commands, signal, reviews });
      return { checks, artifacts: files };
    },
  };
}

/** What the look at a request's images has to know. */
export function imageCheckFor(config: Config): ImageCheckOptions {
  return { visionConfigured: config.llms.vision !== null, home: homedir() };
}

/** For `workers.apply: auto`: what a done task made goes into the folder at once, unless it conflicts. */
export function createAutoApply(store: StoreThread, clock: Clock = systemClock): (task: Task) => Promise<string> {
  const noted = (taskId: string): Promise<void> => persist(clock, () => store.ends.applied(taskId));
  return async (task) => {
    const workspace = await store.tasks.workspaceOf(task.id);
    if (workspace === null) return 'There is nothing to apply.';
    try {
      // By a process that died before it could write that down: what people did with the files since is theirs.
      const before = await whollyApplied(workspace);
      if (before !== null) {
        await noted(task.id);
        return appliedText(
          task,
          before.map(({ path }) => path),
          [],
        );
      }
      const { applied, merged, takenBack } = await onceFree(clock, () => applyWorkspace(workspace));
      if (applied.length === 0 && takenBack.length === 0) return 'There is nothing to apply.';
      await noted(task.id);
      const names = [...applied.map(({ path }) => path), ...takenBack.map((path) => `${path} (as it was before)`)];
      return appliedText(task, names, merged);
    } catch (error) {
      const { message, hint } = toErrorRecord(error);
      return `Not applied: ${message} ${hint}`.trim();
    }
  };
}

function appliedText({ id }: Task, names: readonly string[], merged: readonly string[]): string {
  const note = merged.length === 0 ? '' : ` Merged with what was changed since: ${merged.join(', ')}.`;
  return `Applied: ${names.join(', ')}.${note} \`wilson undo ${id}\` takes it back.`;
}
