import type { AgentModel } from './agent.js';

/** From this size on models use tools well enough to be let loose with them. */
const largeFromBillions = 3;

/**
 * Whether a model may drive the tool loop: its name says 3B or more, or says no size while the server reports that it was
 * trained for tools.
 */
export function isLargeModel(model: Pick<AgentModel, 'name' | 'supportsTools'>): boolean {
  const size = /(?:^|[^\d.])(\d+(?:\.\d+)?)\s*(b|m)(?![a-z0-9])/i.exec(model.name);
  if (size === null) return model.supportsTools;
  const billions = Number(size[1]) / (size[2]?.toLowerCase() === 'm' ? 1_000 : 1);
  return billions >= largeFromBillions;
}
