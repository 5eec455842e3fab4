// What axe says of a page, short enough to read in a failed test. It runs inside the page: its way through a second tab takes three times as long.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

// Each page reads it anew: what `axe.source` gives is more than twice as long.
const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** `rule: element` for each violation and for each text whose contrast could not be measured; `rules` narrows it to these. */
export async function violationsOn(page: Page, rules?: string[]): Promise<string[]> {
  await flattenGradients(page);
  const options: RunOptions = { resultTypes: ['violations', 'incomplete'], ...(rules && { runOnly: rules }) };
  await page.evaluate(source);
  const { violations, incomplete }: AxeResults = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  const unmeasured = incomplete.filter(({ id }) => id === 'color-contrast');
  return [...violations, ...unmeasured].flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/**
 * axe passes over text on a gradient: it is measured on the colour beneath.
 * A hosted page runs from a tint to its surface, and on the tint text is hardest to read.
 */
async function flattenGradients(page: Page): Promise<void> {
  await page.evaluate(`
    for (const element of document.querySelectorAll('*'))
      if (getComputedStyle(element).backgroundImage.includes('gradient(')) element.style.backgroundImage = 'none';
    if (getComputedStyle(document.documentElement).getPropertyValue('--surface-tint'))
      document.body.style.backgroundColor = 'var(--surface-tint)';`);
}

/** Pixels that stick out of the window on either side. */
export async function overflowOf(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
}
