// A single-page app as its developer would write it: sign-in and sign-out by redirect, a refresh token that all tabs share.
const { UserManager, WebStorageStateStore } = globalThis.oidc;
const settings = await fetch('/settings.json').then((response) => response.json());

const manager = new UserManager({
  ...settings,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid email',
  loadUserInfo: true,
  automaticSilentRenew: false,
  userStore: new WebStorageStateStore({ store: localStorage }),
});

async function show() {
  const user = await manager.getUser();
  say(user ? `Signed in as ${user.profile.email}` : 'Signed out');
}

function say(text) {
  document.querySelector('[role=status]').textContent = text;
}

async function attempt(step) {
  try {
    await step();
    await show();
  } catch (error) {
    say(`It failed: ${error.message}`);
  }
}

const buttons = {
  'sign-in': () => manager.signinRedirect(),
  refresh: () => manager.signinSilent(),
  'sign-out': () => manager.signoutRedirect(),
};
for (const [id, step] of Object.entries(buttons)) document.getElementById(id).addEventListener('click', () => attempt(step));

await attempt(async () => {
  if (location.pathname === '/callback') await manager.signinCallback();
  else if (location.search.includes('state=')) await manager.signoutCallback();
});
history.replaceState(null, '', '/');
// For the test's questions.
globalThis.manager = manager;
