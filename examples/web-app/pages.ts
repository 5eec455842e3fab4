// The sites' pages. Nothing needs JavaScript.
import { type Html, html } from './html.ts';
import type { Answer } from './listener.ts';
import { memberPage } from './member-page.ts';
import type { SignedIn } from './sessions.ts';
import { homeOf, type Site } from './sites.ts';
import { window } from './window.ts';
import { type Words, words } from './words.ts';

export function homePage(site: Site, signedIn: SignedIn | undefined): Answer {
  if (signedIn) return page(site, 200, site.name, memberPage(site, signedIn));
  const { heading, text } = words[site.language][site.look];
  const welcome = html`<section class="welcome">
<div>
<h1>${heading}</h1>
<p class="lead">${text}</p>
${waysIn(site)}
</div>
${window(site, 0)}
</section>`;
  return page(site, 200, site.name, welcome);
}

/** `detail` is for developers. */
export function failedPage(site: Site, reason: keyof Words['failures'], detail?: string): Answer {
  const { failures, back, developers } = words[site.language];
  const [heading, text] = failures[reason];
  const content = html`<section class="narrow">
<h1>${unbroken(heading)}</h1>
<p class="lead">${text}</p>
${waysIn(site)}
<p><a href="${homeOf(site)}">${back(site.name)}</a></p>
${detail && html`<p class="quiet">${developers} ${detail}</p>`}
</section>`;
  const status = { denied: 200, failed: 400, unknown: 400, ended: 401, unreachable: 503 }[reason];
  return page(site, status, heading, content);
}

/** Asks again by itself: at the first start the issuer may be a second later than the shop. */
export function waitingPage(site: Site): Answer {
  const { waiting, back } = words[site.language];
  const [heading, text] = waiting;
  const content = html`<section class="narrow">
<h1>${heading}</h1>
<p class="lead" role="status">${text}</p>
<p class="actions"><a href="${homeOf(site)}">${back(site.name)}</a></p>
</section>`;
  return { ...page(site, 503, heading, content), retryAfter: 2 };
}

export function notFoundPage(site: Site): Answer {
  const { notFound, back } = words[site.language];
  const [heading, text] = notFound;
  const content = html`<section class="narrow">
<h1>${heading}</h1>
<p class="lead">${text}</p>
<p class="actions"><a class="button" href="${homeOf(site)}">${back(site.name)}</a></p>
</section>`;
  return page(site, 404, heading, content);
}

/** A headline may break between words, not at the hyphen inside one. */
function unbroken(heading: string): Html {
  const parts = heading.split(/(\S+-\S+)/);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<span class="unbroken">${part}</span>` : part))}`;
}

function waysIn({ path, language }: Site): Html {
  const { signIn, createAccount } = words[language];
  return html`<p class="actions"><a class="button" href="${path}/sign-in">${signIn}</a> <a class="button outline" href="${path}/create-account">${createAccount}</a></p>`;
}

function page(site: Site, status: number, title: string, content: Html): Answer {
  const { portico, [site.look]: own } = words[site.language];
  const { markup } = html`<!doctype html>
<html lang="${site.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}${title !== site.name && ` · ${site.name}`}</title>
<link rel="stylesheet" href="${site.path}/style.css">
<link rel="icon" href="data:,">
</head>
<body class="${site.look}">
<header><a href="${homeOf(site)}">${site.name}</a><span>${own.tagline}</span></header>
<main>
${content}
</main>
<footer>${own.what} ${portico} <span>${site.issuer}</span>.</footer>
</body>
</html>
`;
  return { status, body: markup };
}
