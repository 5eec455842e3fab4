// The shop window: a card for ten coffees, or tonight's films. Drawn with styles alone.
import { type Html, html } from './html.ts';
import type { Look } from './sites.ts';

const films = ['The Last Ferry', 'Low Water', 'Lamplight'];

/** `cups`: how many coffees the card already shows. */
export function window(look: Look, cups: number): Html {
  return look === 'roast' ? card(cups) : posters();
}

function card(cups: number): Html {
  const places = Array.from({ length: 10 }, (_, index) => html`<li${index < cups && html` class="full"`}></li>`);
  return html`<figure class="card"><ol aria-hidden="true">${places}</ol><figcaption>${cups} of 10 coffees</figcaption></figure>`;
}

function posters(): Html {
  return html`<figure class="posters"><figcaption>Tonight</figcaption><ul>${films.map((film) => html`<li><span>${film}</span></li>`)}</ul></figure>`;
}
