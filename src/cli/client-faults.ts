// What is wrong with a client, in the words of the command line: options instead of members, and no id that nobody gave.
import { OperatorError } from '../errors.ts';

const options: Readonly<Record<string, string>> = {
  client_id: 'id',
  client_name: 'name',
  redirect_uris: 'redirect-uri',
  post_logout_redirect_uris: 'post-logout-redirect-uri',
  allowed_origins: 'origin',
  grant_types: 'grant',
  token_endpoint_auth_method: 'auth-method',
  jwks: 'jwks',
  jwks_uri: 'jwks-uri',
  id_token_signed_response_alg: 'signing-alg',
  client_uri: 'client-uri',
  backchannel_logout_uri: 'backchannel-logout-uri',
  reset_urls: 'reset-url',
  resource_scopes: 'resource-scope',
  require_pkce: 'no-pkce',
};

/** @param id as it was typed. @throws OperatorError in the words of the command line. */
export async function inOptions<Result>(id: string | undefined, work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    if (!(error instanceof OperatorError)) throw error;
    const named = error.message.replace(/^ {2}(\w+)(?:\.[\w.]+)?: /gm, (line, member: string) =>
      Object.hasOwn(options, member) ? `  --${options[member]}: ` : line,
    );
    throw new OperatorError(id === undefined ? named.replace(/^The client "[^"]*" /, 'The client ') : named);
  });
}
