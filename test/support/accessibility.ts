// What axe says of a page, short enough to read in a failed test.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** `rule: element` for each violation and for each text whose contrast could not be measured; `rules` narrows it to these. */
export async function violationsOn(page: Page, rules?: string[]): Promise<string[]> {
  await flattenBackground(page);
  // "Legacy" is axe in the page itself: three times as fast as its way through a second tab, and blind only in frames, of which we have none.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations, incomplete } = await (rules ? axe.withRules(rules) : axe).analyze();
  const unmeasured = incomplete.filter(({ id }) => id === 'color-contrast');
  return [...violations, ...unmeasured].flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** axe passes over text on a gradient. Ours runs from a tint to the surface, and on the tint text is hardest to read. */
async function flattenBackground(page: Page): Promise<void> {
  await page.evaluate(`
    document.body.style.backgroundImage = 'none';
    if (getComputedStyle(document.documentElement).getPropertyValue('--surface-tint'))
      document.body.style.backgroundColor = 'var(--surface-tint)';`);
}

/** Pixels that stick out of the window on either side. */
export async function overflowOf(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
}
