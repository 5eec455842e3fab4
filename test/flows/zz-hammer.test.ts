import { beginRegistration, mailRegistrationAgain } from '../../src/flows/begin-registration.ts';
import { confirmRegistration, enterConfirmed } from '../../src/flows/confirm-registration.ts';
import { requestEmailChange, confirmEmailChange } from '../../src/flows/change-email.ts';
import { undoEmailChange } from '../../src/flows/undo-email.ts';
import { forgotPassword } from '../../src/flows/forgot-password.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import { requestUnlock, unlock } from '../../src/flows/unlock.ts';
import { secureAccount } from '../../src/flows/secure-account.ts';
import { changePassword } from '../../src/flows/change-password.ts';
import { requestDeletion } from '../../src/flows/delete-account.ts';
import { keepAccount } from '../../src/flows/keep-account.ts';
import { eraseNextDue, eraseAccount } from '../../src/flows/erase-account.ts';
import { endSessions, endSession } from '../../src/flows/end-session.ts';
import { exportAccount } from '../../src/flows/export-account.ts';
import { updateProfile } from '../../src/flows/update-profile.ts';
import { disableAccount, enableAccount } from '../../src/flows/admin/disable-account.ts';
import { login } from '../../src/flows/login.ts';
import { defaultSettings } from '../../src/domain/brands.ts';
import { Refusal } from '../../src/errors.ts';
import { waitingMails, forgetMails } from '../support/mails.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';
import { createPerson, from, oldPassword, newAddress, tokenOf, openSession } from './person.ts';

let at: TestBrand;
beforeAll(async () => { at = await createTestBrand(); });
afterAll(() => at.close());
const crowd = { attempts: 100000, seconds: 60 };
const pick = <T,>(a: T[]) => a[Math.floor(Math.random() * a.length)] as T;

test('hammer', async () => {
  const limits = Object.fromEntries(Object.keys(defaultSettings.limits).map((k) => [k, crowd])) as never;
  const brand = at.with({ limits });
  const bad = new Map<string, number>(); let ok = 0, no = 0, dead = 0;
  const until = Date.now() + 75_000;
  for (let round = 0; Date.now() < until; round++) {
    await forgetMails(at);
    const p = await createPerson(at); const b = newAddress();
    const { uid } = await openSession(at, p.id); 
    const begun: string[] = [];
    const src = () => from();
    const links = async (name: string) => (await waitingMails(at)).filter((m) => m.name === name && m.to).map((m) => tokenOf((m.params as { link: string }).link));
    for (let i = 0; i < 2; i++) { await forgotPassword(at, brand, { email: p.email, source: src() }); await requestUnlock(at, brand, { email: p.email, source: src() }); }
    await requestEmailChange(at, brand, { accountId: p.id, email: b, password: oldPassword, source: src() });
    await exportAccount(at, brand, { accountId: p.id, source: src() });
    const tok = { reset: await links('reset_password'), unlock: await links('unlock'), change: await links('change_email'), secure: await links('data_exported') };
    if (round % 3 === 0) await confirmEmailChange(at, brand, { shown: { token: tok.change[0]! }, source: src() });
    const undo = await links('email_changed');
    const acts: (() => Promise<unknown>)[] = [
      () => forgotPassword(at, brand, { email: pick([p.email, b]), source: src() }),
      () => requestUnlock(at, brand, { email: pick([p.email, b]), source: src() }),
      () => resetPassword(at, brand, { shown: { token: pick(tok.reset) }, password: 'tremolo cassette forty-seven', source: src() }),
      () => unlock(at, brand, { token: pick(tok.unlock), source: src() }),
      () => confirmEmailChange(at, brand, { shown: { token: pick(tok.change) }, source: src() }),
      () => requestEmailChange(at, brand, { accountId: p.id, email: pick([b, newAddress()]), password: oldPassword, source: src() }),
      () => secureAccount(at, brand, { token: pick(tok.secure), source: src() }),
      () => undo.length ? undoEmailChange(at, brand, { token: pick(undo), source: src() }) : Promise.resolve(),
      () => changePassword(at, brand, { accountId: p.id, sessionUid: uid, password: oldPassword, newPassword: 'another forty-eight words', source: src() }),
      () => requestDeletion(at, at.with({ limits, deletionDays: 0 }), { accountId: p.id, source: src() }),
      () => keepAccount(at, brand, { accountId: p.id, source: src() }),
      () => eraseNextDue(at),
      () => endSessions(at, brand, { accountId: p.id, source: src(), keepSessionUid: pick([uid, undefined]) }),
      () => endSession(at, brand, { accountId: p.id, sessionUid: uid, source: src() }),
      () => exportAccount(at, brand, { accountId: p.id, source: src() }),
      () => updateProfile(at, brand, { accountId: p.id, profile: { name: `N${Math.random()}`.slice(0, 9).replace('.', '') } as never, source: src() }),
      () => login(at, brand, { email: pick([p.email, b]), password: oldPassword, ip: src().ip, source: src() }),
      () => login(at, brand, { email: pick([p.email, b]), password: oldPassword, ip: src().ip, source: src() }),
      () => disableAccount(at, brand, p.id), () => enableAccount(at, brand, p.id),
      () => Math.random() < 0.1 ? eraseAccount(at, brand, p.id) : Promise.resolve(),
      async () => { const { handle } = await beginRegistration(at, brand, { email: pick([p.email, b]), password: oldPassword, source: src(), confirmPath: '/x' }); begun.push(handle); await mailRegistrationAgain(at, brand, { handle, source: src(), confirmPath: '/x' }); await enterConfirmed(at, brand, { handle }); },
      async () => { const ls = await links('confirm_registration'); if (ls.length) await confirmRegistration(at, brand, { shown: { token: pick(ls) }, source: src() }); },
    ];
    await Promise.all(Array.from({ length: 40 }, () => pick(acts)().then(() => { ok++; }, (e: unknown) => {
      if (e instanceof Refusal) { no++; return; }
      const er = e as { code?: string; message: string; stack?: string };
      if (/has no account/.test(er.message)) return;
      const k = `${er.code} ${er.message} ${(er.stack ?? '').split('\n').filter((l) => /src\/flows/.test(l)).slice(0, 2).join('|')}`; bad.set(k, (bad.get(k) ?? 0) + 1);
      if (er.code === '40P01') dead++;
    })));
  }
  console.log('ok', ok, 'refused', no, 'deadlocks after retry', dead, [...bad]);
  const { rows } = await at.db.pool.query(`select (select count(*) from pg_stat_database where deadlocks>0) d, (select deadlocks from pg_stat_database where datname=current_database()) n`);
  console.log('deadlocks detected by Postgres', rows);
  const odd = await at.db.pool.query(`select count(*) from portico.accounts a where (select count(*) from portico.identifiers i where i.account_id=a.id and i.held_until is null) <> 1`);
  console.log('accounts without exactly one live identifier', odd.rows);
  const orphan = await at.db.pool.query(`select count(*) from portico.identifiers i where not exists (select from portico.accounts a where a.id=i.account_id)`);
  const codes = await at.db.pool.query(`select purpose, count(*) from portico.one_time_codes c where exists (select from portico.erased_accounts e where e.id=c.account_id) group by 1`);
  const two = await at.db.pool.query(`select email, count(*) from portico.accounts group by 1 having count(*)>1`);
  console.log('identifiers of nobody', orphan.rows, 'codes of erased', codes.rows, 'two accounts of one address', two.rows.length);
}, 120_000);
