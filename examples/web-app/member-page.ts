// What a signed-in customer sees: who they are, what the brand told the shop about them, and the tokens' life.
import { type Html, html } from './html.ts';
import type { SignedIn } from './sessions.ts';
import type { Site } from './sites.ts';
import { window } from './window.ts';

export function memberPage(site: Site, signedIn: SignedIn): Html {
  const { userinfo, idTokenClaims } = signedIn;
  const name = userinfo.name ?? userinfo.given_name ?? userinfo.email ?? idTokenClaims.sub;
  return html`<section class="welcome">
<div>
<h1>Good to see you</h1>
<p class="lead">You’re signed in as <strong>${name}</strong>.</p>
${userinfo.email && userinfo.email !== name && html`<p>${userinfo.email}</p>`}
<form class="actions" method="post" action="${site.path}/sign-out"><button class="outline">Sign out</button></form>
</div>
${window(site.look, 1)}
</section>
${claimsTable(site, signedIn)}
${tokens(site, signedIn)}`;
}

function claimsTable(site: Site, { idTokenClaims, userinfo }: SignedIn): Html {
  const sources = [
    ['ID token', idTokenClaims],
    ['Userinfo', userinfo],
  ] as const;
  const names = [...new Set(sources.flatMap(([, claims]) => Object.keys(claims)))];
  const rows = names.map((name) => {
    const told = sources.filter(([, claims]) => Object.hasOwn(claims, name));
    const value = told.at(-1)?.[1][name];
    return html`<tr><th scope="row"><code>${name}</code></th><td>${present(name, value)}</td><td>${told.map(([source]) => source).join(', ')}</td></tr>`;
  });
  return html`<section>
<h2>What ${site.name} told this app</h2>
<table>
<thead><tr><th scope="col">Claim</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
<tbody>${rows}</tbody>
</table>
</section>`;
}

function tokens(site: Site, { fingerprints, accessTokenExpires, refreshToken }: SignedIn): Html {
  const [before, now] = fingerprints.slice(-2);
  return html`<section>
<h2>Staying signed in</h2>
${now && html`<p role="status">Refreshed: the refresh token was replaced, <code>${before}</code> became <code>${now}</code>. The old one is worthless now.</p>`}
${accessTokenExpires && html`<p>The access token lasts until ${time(accessTokenExpires)}. ${refreshToken && 'The app renews it without asking you.'}</p>`}
${refreshToken && html`<form class="actions" method="post" action="${site.path}/refresh"><button>Refresh</button></form>`}
</section>`;
}

const moments = new Set(['exp', 'iat', 'auth_time', 'nbf', 'updated_at']);

function present(name: string, value: unknown): Html {
  if (moments.has(name) && typeof value === 'number') return time(value);
  return html`${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

function time(seconds: number): Html {
  const date = new Date(seconds * 1_000);
  return html`<time datetime="${date.toISOString()}">${date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })}</time>`;
}
