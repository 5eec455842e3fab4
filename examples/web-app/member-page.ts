// What a signed-in customer sees: who they are, what the brand told the shop about them, and the tokens' life.
import { type Html, html } from './html.ts';
import type { SignedIn } from './sessions.ts';
import type { Site } from './sites.ts';
import { window } from './window.ts';
import { words } from './words.ts';

export function memberPage(site: Site, signedIn: SignedIn): Html {
  const { userinfo, idTokenClaims } = signedIn;
  const name = userinfo.name ?? userinfo.given_name ?? userinfo.email ?? idTokenClaims.sub;
  const { welcome, signedInAs, myAccount, signOut } = words[site.language];
  return html`<section class="welcome">
<div>
<h1>${welcome}</h1>
<p class="lead">${signedInAs[0]}<strong>${name}</strong>${signedInAs[1]}</p>
${userinfo.email && userinfo.email !== name && html`<p>${userinfo.email}</p>`}
<form class="actions" method="post" action="${site.path}/sign-out"><a class="button" href="${accountUrl(site)}">${myAccount}</a> <button class="outline">${signOut}</button></form>
</div>
${window(site, 1)}
</section>
${claimsTable(site, signedIn)}
${tokens(site, signedIn)}`;
}

/** Portico's page for the person themselves; by our client id it leads back here. */
function accountUrl({ issuer, clientId }: Site): string {
  return `${issuer}/account?client_id=${encodeURIComponent(clientId)}`;
}

function claimsTable(site: Site, { idTokenClaims, userinfo }: SignedIn): Html {
  const { told: heading, columns, dates } = words[site.language];
  const sources = [
    ['ID token', idTokenClaims],
    ['Userinfo', userinfo],
  ] as const;
  const names = [...new Set(sources.flatMap(([, claims]) => Object.keys(claims)))];
  const rows = names.map((name) => {
    const told = sources.filter(([, claims]) => Object.hasOwn(claims, name));
    const value = told.at(-1)?.[1][name];
    return html`<tr><th scope="row"><code>${name}</code></th><td>${present(name, value, dates)}</td><td>${told.map(([source]) => source).join(', ')}</td></tr>`;
  });
  return html`<section>
<h2>${heading(site.name)}</h2>
<table>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table>
</section>`;
}

function tokens(site: Site, { fingerprints, accessTokenExpires, refreshToken }: SignedIn): Html {
  const [before, now] = fingerprints.slice(-2);
  const { staying, refreshed, lasts, renews, refresh, dates } = words[site.language];
  return html`<section>
<h2>${staying}</h2>
${now && html`<p role="status">${refreshed[0]}<code>${before}</code>${refreshed[1]}<code>${now}</code>${refreshed[2]}</p>`}
${accessTokenExpires && html`<p>${lasts[0]}${time(accessTokenExpires, dates)}${lasts[1]}${refreshToken && renews}</p>`}
${refreshToken && html`<form class="actions" method="post" action="${site.path}/refresh"><button>${refresh}</button></form>`}
</section>`;
}

const moments = new Set(['exp', 'iat', 'auth_time', 'nbf', 'updated_at']);

function present(name: string, value: unknown, dates: string): Html {
  if (moments.has(name) && typeof value === 'number') return time(value, dates);
  return html`${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

function time(seconds: number, dates: string): Html {
  const date = new Date(seconds * 1_000);
  return html`<time datetime="${date.toISOString()}">${date.toLocaleString(dates, { dateStyle: 'medium', timeStyle: 'medium' })}</time>`;
}
