// Every issuer answers at its own address and says the same of itself.
import type { Config } from '../../config.ts';
import type { Brand } from '../../domain/brands.ts';
import { CALL } from '../help.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const SOME = 10;
const APPLY_AGAIN = `apply its folder again: ${CALL} brand apply <folder>`;

export async function checkIssuers(config: Config, brands: readonly Brand[]): Promise<Finding[]> {
  const live = brands.filter(({ disabledAt }) => !disabledAt);
  if (live.length === 0) return [warn('issuer', 'There is no brand yet.', `Make one: ${CALL} brand apply <folder>`)];
  if (!(await answers(config)))
    return [
      warn(
        'issuer',
        `Portico does not run on port ${config.port} of this machine, so its addresses were not tried.`,
        'Start it and run doctor again.',
      ),
    ];
  const tried = await Promise.all(live.slice(0, SOME).map((brand) => checkIssuer(config, brand)));
  return [...tried, ...outside(config, live)];
}

/** Whether Portico listens here, asked without the proxy in front. */
async function answers({ host, port }: Pick<Config, 'host' | 'port'>): Promise<boolean> {
  const hosts = !host || host === '::' || host === '0.0.0.0' ? ['127.0.0.1', '[::1]'] : [host.includes(':') ? `[${host}]` : host];
  for (const name of hosts) {
    const answer = await get(`http://${name}:${port}/healthz`).catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}

async function checkIssuer({ publicUrl }: Pick<Config, 'publicUrl'>, { slug, issuer }: Brand): Promise<Finding> {
  const url = `${issuer}/.well-known/openid-configuration`;
  try {
    const answer = await get(url);
    if (answer.status !== 200) return unexpected(slug, url, answer);
    return compare(slug, issuer, (await answer.json()) as Record<string, unknown>);
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return fail(
      'issuer',
      `${slug}: ${url} cannot be reached (${cause?.code ?? message}).`,
      livesAt(publicUrl, issuer)
        ? 'Check DNS, the certificate and the proxy for this address.'
        : `If this is what PUBLIC_URL (${publicUrl}) once was, ${APPLY_AGAIN}. Else check DNS, the certificate and the proxy for this address.`,
    );
  }
}

function unexpected(slug: string, url: string, { status, headers }: Response): Finding {
  const says = `${slug}: ${url} answers ${status}`;
  if (status >= 300 && status < 400)
    return fail(
      'issuer',
      `${says} and leads to ${headers.get('location')}.`,
      'Let the proxy pass requests on instead of redirecting them.',
    );
  if (status === 421) return fail('issuer', `${says}: the proxy changes the Host header.`, 'Let the proxy pass the Host it was asked for.');
  if (status >= 500) return fail('issuer', `${says}.`, "Portico's log says why; 502 and 504 are a proxy that does not reach Portico.");
  return fail('issuer', `${says}.`, 'Let the proxy pass the whole path on, /.well-known included.');
}

function compare(slug: string, issuer: string, discovery: Record<string, unknown>): Finding {
  if (discovery.issuer !== issuer)
    return fail(
      'issuer',
      `${slug}: ${issuer} says its issuer is ${String(discovery.issuer)}.`,
      'Another server answers there; check the proxy.',
    );
  const strays = Object.entries(discovery).filter(
    ([name, value]) => /_endpoint$|^jwks_uri$/.test(name) && !String(value).startsWith(`${issuer}/`),
  );
  const [stray] = strays;
  if (stray)
    return fail('issuer', `${slug}: ${stray[0]} is ${String(stray[1])}, outside of the issuer.`, 'Let the proxy leave answers unchanged.');
  return ok('issuer', `${slug} answers at ${issuer}, and its endpoints agree.`);
}

function outside({ publicUrl }: Pick<Config, 'publicUrl'>, live: readonly Brand[]): Finding[] {
  if (live.some(({ issuer }) => livesAt(publicUrl, issuer))) return [];
  const remedy = `If PUBLIC_URL changed, ${APPLY_AGAIN}; where its brand.json names the old address, change it first.`;
  return [warn('issuer', `No brand lives at PUBLIC_URL (${publicUrl}).`, remedy)];
}

function livesAt(publicUrl: string, issuer: string): boolean {
  return issuer === publicUrl || issuer.startsWith(`${publicUrl}/`);
}

function get(url: string): Promise<Response> {
  return fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5_000) });
}
