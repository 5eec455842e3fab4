// A "mobile app" on the command line: signs in with code and PKCE through the person's own browser and a loopback redirect (RFC 8252).
// npm run demo:native -- [--issuer URL] [--client ID] [--scope "openid email"] [--create] [--open] [--keep]
import { parseArgs } from 'node:util';
import { waitForCallback } from './loopback.ts';
import { openInBrowser } from './open-in-browser.ts';
import { type App, beginSignIn, connect, end, finishSignIn, renew, type Tokens, userinfo } from './sign-in.ts';

const { values: options } = parseArgs({
  options: {
    issuer: { type: 'string', default: process.env.ISSUER ?? process.env.PUBLIC_URL ?? `http://localhost:${process.env.PORT ?? 3000}` },
    client: { type: 'string', default: process.env.CLIENT_ID ?? 'demo-native' },
    scope: { type: 'string', default: 'openid profile email' },
    create: { type: 'boolean', default: false },
    open: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `Signs in on the command line, as a mobile app would.

  --issuer URL     whom to ask (${options.issuer})
  --client ID      a native client with the redirect URI http://127.0.0.1/callback (${options.client})
  --scope SCOPES   what to ask for (${options.scope})
  --create         begin with creating an account
  --open           open the address in your browser
  --keep           keep the refresh token instead of revoking it at the end
`;

async function main(): Promise<void> {
  if (options.help) return console.log(help);
  const app = await connect(options.issuer, options.client);
  const tokens = await signIn(app);
  show('ID token', tokens.claims());
  show('Userinfo', await userinfo(app, tokens));
  if (!tokens.refresh_token) return console.log('\nThis client may not refresh: it got no refresh token.\n');
  const renewed = await renew(app, tokens.refresh_token);
  const rotated = renewed.refresh_token !== tokens.refresh_token;
  console.log(`\nRefreshed. The refresh token ${rotated ? 'was replaced; the old one is worthless now' : 'stayed the same'}.`);
  if (options.keep) return console.log('Kept: you stay signed in.\n');
  await end(app, renewed);
  console.log('Revoked: this app is signed out. Your browser still is signed in.\n');
}

async function signIn(app: App): Promise<Tokens> {
  const loopback = await waitForCallback();
  try {
    const begun = await beginSignIn(app, loopback.redirectUri, options.scope, options.create ? 'create' : undefined);
    console.log(`\nOpen this address in your browser:\n\n  ${begun.url.href}\n\nWaiting for you to come back …`);
    if (options.open) openInBrowser(begun.url);
    const { url, answer } = await loopback.callback;
    const tokens = await finishSignIn(app, url, begun).catch((error: unknown) => {
      answer('failed');
      throw error;
    });
    answer('done');
    return tokens;
  } finally {
    loopback.close();
  }
}

function show(title: string, claims: object | undefined): void {
  const rows = Object.entries(claims ?? {});
  const width = Math.max(...rows.map(([name]) => name.length));
  console.log(`\n${title}`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`);
}

main().catch((error: Error & { error?: string; error_description?: string; cause?: { code?: string } }) => {
  console.error(`\n${explain(error)}\n`);
  process.exit(1);
});

function explain(error: Error & { error?: string; error_description?: string }): string {
  if (error.message === 'fetch failed')
    return `Nobody answers at ${options.issuer}. Start Portico with: npm start\nWhere it runs at another address: npm run demo:native -- --issuer http://localhost:3100`;
  if (error.error === 'access_denied') return 'You chose not to sign in.';
  if (error.error) return `The sign-in was refused: ${error.error}${error.error_description ? ` (${error.error_description})` : ''}`;
  return error.message;
}
