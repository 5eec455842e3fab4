// The shop's pages. Nothing needs JavaScript.
import { type Html, html } from './html.ts';
import type { Answer } from './listener.ts';
import { memberPage } from './member-page.ts';
import type { SignedIn } from './sessions.ts';
import { homeOf, type Site } from './sites.ts';
import { window } from './window.ts';

const words = {
  roast: {
    tagline: 'Coffee roasted around the corner',
    heading: 'Every tenth coffee is on us',
    text: 'Your card lives in your account: no paper, nothing to lose. Sign in once and we know your usual.',
  },
  harbour: {
    tagline: 'Films that come in with the tide',
    heading: 'Three new films every evening',
    text: 'Hand-picked, in quiet waters, without a single advertisement. Sign in and carry on where you stopped.',
  },
} as const;

const failures = {
  denied: ['You’re not signed in', 'You chose not to, and that’s fine. Have a look around, or sign in another time.'],
  failed: ['That sign-in didn’t work', 'Nothing is lost. Try it once more.'],
  unknown: ['This sign-in is over', 'It was finished already, took too long, or began in another browser. Starting again takes seconds.'],
  ended: ['You’ve been signed out', 'Your sign-in ended somewhere else, so we ended it here too.'],
  unreachable: ['We can’t reach the sign-in service', 'Nothing is lost. Give it a few seconds, then try again.'],
} as const;

export function homePage(site: Site, signedIn: SignedIn | undefined): Answer {
  if (signedIn) return page(site, 200, site.name, memberPage(site, signedIn));
  const { heading, text } = words[site.look];
  const welcome = html`<section class="welcome">
<div>
<h1>${heading}</h1>
<p class="lead">${text}</p>
${waysIn(site)}
</div>
${window(site.look, 0)}
</section>`;
  return page(site, 200, site.name, welcome);
}

/** `detail` is for developers. */
export function failedPage(site: Site, reason: keyof typeof failures, detail?: string): Answer {
  const [heading, text] = failures[reason];
  const content = html`<section class="narrow">
<h1>${heading}</h1>
<p class="lead">${text}</p>
${waysIn(site)}
<p><a href="${homeOf(site)}">Back to ${site.name}</a></p>
${detail && html`<p class="quiet">For developers: ${detail}</p>`}
</section>`;
  const status = { denied: 200, failed: 400, unknown: 400, ended: 401, unreachable: 503 }[reason];
  return page(site, status, heading, content);
}

/** Asks again by itself: at the first start the issuer may be a second later than the shop. */
export function waitingPage(site: Site): Answer {
  const content = html`<section class="narrow">
<h1>One moment</h1>
<p class="lead" role="status">The sign-in service is still waking up. This page tries again by itself.</p>
<p><a href="${homeOf(site)}">Back to ${site.name}</a></p>
</section>`;
  return { ...page(site, 503, 'One moment', content), retryAfter: 2 };
}

export function notFoundPage(site: Site): Answer {
  const content = html`<section class="narrow">
<h1>There’s nothing here</h1>
<p class="lead">The address may be mistyped.</p>
<p><a class="button" href="${homeOf(site)}">Back to ${site.name}</a></p>
</section>`;
  return page(site, 404, 'Not found', content);
}

function waysIn({ path }: Site): Html {
  return html`<p class="actions"><a class="button" href="${path}/sign-in">Sign in</a> <a class="button outline" href="${path}/create-account">Create account</a></p>`;
}

function page(site: Site, status: number, title: string, content: Html): Answer {
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}${title !== site.name && ` · ${site.name}`}</title>
<link rel="stylesheet" href="${site.path}/style.css">
<link rel="icon" href="data:,">
</head>
<body class="${site.look}">
<header><a href="${homeOf(site)}">${site.name}</a><span>${words[site.look].tagline}</span></header>
<main>
${content}
</main>
<footer>A demo shop. It signs people in with Portico at <span>${site.issuer}</span>.</footer>
</body>
</html>
`;
  return { status, body: markup };
}
