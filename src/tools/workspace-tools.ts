import type { CommandRunner } from '../platform/command.js';
import { runCommandTool } from './command-tool.js';
import { editFileTool, readFileTool, writeFileTool } from './file-tools.js';
import { listFilesTool, searchFilesTool } from './search-tools.js';
import type { Tool } from './tool.js';

export interface WorkspaceToolsOptions {
  /** Root of the workspace; nothing outside is read or written. */
  readonly root: string;
  readonly commands: CommandRunner;
  /** Ends whatever a tool is doing, besides the signal of each call. */
  readonly signal: AbortSignal;
}

/** The tools of an agent that works in a workspace: list, search, read, write, edit, run a command. */
export function workspaceTools(options: WorkspaceToolsOptions): Tool[] {
  const { root, commands, signal } = options;
  const tools = [
    listFilesTool(root),
    searchFilesTool(root),
    readFileTool(root),
    writeFileTool(root),
    editFileTool(root),
    runCommandTool(root, commands),
  ];
  return tools.map((tool) => ({
    spec: tool.spec,
    run: (args, context) => tool.run(args, { signal: AbortSignal.any([signal, context.signal]) }),
  }));
}
