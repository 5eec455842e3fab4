// Somebody is too young for this brand. Nothing of what they typed is kept; the page says why, and leads away.
import type { Refusal } from '../../errors.ts';
import { show } from '../drawing.ts';
import { formTarget, type Visit } from './visit.ts';

/** @returns false when the refusal says something else. */
export function showUnderAge(visit: Visit, refusal: Refusal): boolean {
  const found = [refusal, ...refusal.also].find(({ code }) => code === 'under_age');
  if (!found) return false;
  const { drawing, ctx, asking, interaction } = visit;
  const accountUrl = interaction.accountId ? `${ctx.state.mountPath}/account` : undefined;
  const page = { age: Number(found.params.age), againUrl: formTarget(visit).action, accountUrl };
  show(drawing, ctx, ctx.state, 'under-age', page, { client: asking, status: found.status });
  return true;
}
