import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { clientsOfTest, party } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens, send } from '../support/protocol.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  run = commandLine(portico);
});
afterAll(() => portico.stop());

interface Key {
  kid: string;
  state: string;
}

const published = async () => (await send(`${portico.issuer}/jwks`)).json as unknown as JSONWebKeySet;
const kidsOf = ({ keys }: JSONWebKeySet) => keys.map(({ kid }) => kid);

/** Longer than a running process trusts what it knows of a brand. */
const noticed = () => sleep(1_100);

test('keys rotate under a running server: new tokens carry the new key, old tokens still verify', async () => {
  const email = 'keys@nightfall.example';
  await createAccount(portico, { email });
  const { tokens: before } = await obtainTokens(await party(portico.issuer, 'shop'), { email });
  const first = (await run(['keys', 'list', '--json'])).json<Key[]>();
  expect(first.map(({ state }) => state)).toEqual(['current', 'next']);
  expect(kidsOf(await published()).sort()).toEqual(first.map(({ kid }) => kid).sort());

  expect((await run(['keys', 'rotate'])).err).toContain('has been published for less than an hour');
  const second = (await run(['keys', 'rotate', '--force', '--json'])).json<Key[]>();
  expect(second.map(({ state }) => state)).toEqual(['current', 'next', 'previous']);
  await noticed();

  const keys = await published();
  expect(kidsOf(keys).sort()).toEqual(second.map(({ kid }) => kid).sort());
  expect(keys.keys.some((key) => 'd' in key)).toBe(false);
  const { tokens: after } = await obtainTokens(await party(portico.issuer, 'shop'), { email });
  expect(decodeProtectedHeader(before.id_token ?? '').kid).toBe(first[0]?.kid);
  expect(decodeProtectedHeader(after.id_token ?? '').kid).toBe(first[1]?.kid);
  for (const { id_token } of [before, after]) {
    await expect(jwtVerify(id_token ?? '', createLocalJWKSet(keys), { issuer: portico.issuer })).resolves.toBeDefined();
  }

  await run(['keys', 'rotate', '--force', '--drop-previous']);
  await noticed();
  await expect(jwtVerify(before.id_token ?? '', createLocalJWKSet(await published()))).rejects.toThrow('no applicable key');
});
