// Where answers may be sent. Exact strings only; what may be registered is decided here, for the CLI, files and dynamic registration alike.
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Says what is wrong with a redirect URI, or undefined when it may be registered (RFC 8252 section 7, RFC 9700 section 2.1).
 * Web: https, or http on loopback. Native: claimed https, http on loopback, or a private-use scheme in reverse-domain form.
 */
export function redirectUriFault(uri: string, applicationType: 'web' | 'native'): string | undefined {
  const parsed = URL.parse(uri);
  if (!parsed) return 'is not an absolute URI';
  if (uri.length > 2_000) return 'is longer than 2000 characters';
  if (uri.includes('#')) return 'must not have a fragment';
  if (uri.includes('*')) return 'must not have a wildcard';
  if (parsed.username || parsed.password) return 'must not carry a user name or password';
  if (/[\s\\]|\/\.\.?(\/|$)|%2e%2e/i.test(uri)) return 'must be written plainly, without spaces, backslashes or dot segments';
  if (parsed.protocol === 'https:') {
    return applicationType === 'native' && LOOPBACK_HOSTS.has(parsed.hostname) ? 'must use http on a loopback address' : undefined;
  }
  if (parsed.protocol === 'http:')
    return LOOPBACK_HOSTS.has(parsed.hostname) ? undefined : 'must use https (http is for loopback addresses)';
  if (applicationType === 'web') return 'must be an https address for a web client';
  // A private-use scheme names a domain its owner controls, so that another app cannot claim it by accident (RFC 8252 7.1).
  return parsed.protocol.includes('.') ? undefined : 'must use a scheme in reverse-domain form, such as com.example.app:/callback';
}

const resetParameters = ['email', 'resetPasswordToken', 'publisherId'];

/** The same for a client's own page for a new password: https, or http on loopback, for apps of every kind. */
export function resetUrlFault(uri: string): string | undefined {
  const fault = redirectUriFault(uri, 'web');
  if (fault) return fault;
  const taken = resetParameters.find((name) => new URL(uri).searchParams.has(name));
  return taken && `must not have ${taken} in its query: it is added to every link`;
}

/** An origin as browsers send it, or undefined. */
export function webOrigin(value: string): string | undefined {
  const parsed = URL.parse(value);
  if (!parsed || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) return undefined;
  return parsed.origin === value ? value : undefined;
}

/** What `form-action` must allow beside https so that a browser follows the redirect to this client (Chromium checks the whole chain). */
export function formActionSource(redirectUri: string): string | undefined {
  const parsed = URL.parse(redirectUri);
  if (!parsed || parsed.protocol === 'https:') return undefined;
  // A port would tie the policy to one run of a native app; loopback is the same machine whatever the port.
  if (parsed.protocol === 'http:') return LOOPBACK_HOSTS.has(parsed.hostname) ? `http://${parsed.hostname}:*` : undefined;
  return /^[a-z][a-z0-9+.-]*:$/.test(parsed.protocol) ? parsed.protocol : undefined;
}
