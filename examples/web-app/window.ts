// The shop window: a card for ten coffees, or tonight's films. Drawn with styles alone.
import { type Html, html } from './html.ts';
import type { Site } from './sites.ts';
import { words } from './words.ts';

/** `cups`: how many coffees the card already shows. */
export function window({ look, language }: Site, cups: number): Html {
  const { cups: counted, tonight, films } = words[language];
  return look === 'roast' ? card(cups, counted(cups)) : posters(tonight, films);
}

function card(cups: number, caption: string): Html {
  const places = Array.from({ length: 10 }, (_, index) => html`<li${index < cups && html` class="full"`}></li>`);
  return html`<figure class="card"><ol aria-hidden="true">${places}</ol><figcaption>${caption}</figcaption></figure>`;
}

function posters(caption: string, films: readonly string[]): Html {
  return html`<figure class="posters"><figcaption>${caption}</figcaption><ul>${films.map((film) => html`<li><span>${film}</span></li>`)}</ul></figure>`;
}
