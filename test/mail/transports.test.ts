// What a mail server may do to us, and what it never gets.
import { createTransports, MailFault } from '../../src/mail/transports.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';

let smtp: TestSmtp;
let transports: ReturnType<typeof createTransports>;

beforeEach(() => {
  transports = createTransports({ production: true });
});
afterEach(async () => {
  transports.close();
  await smtp.stop();
});

const mail = { from: 'no-reply@nightfall.example', to: 'ada@nightfall.example', subject: 'Hello', text: 'Hello' };
const faultOf = (url: string) =>
  transports.post(url, mail).then(
    () => 'sent',
    (error: MailFault) => error.code,
  );

test('in production a password is not sent in clear', async () => {
  smtp = await startSmtp({ auth: { user: 'nightfall', password: 'hunter2' } });
  expect(await faultOf(smtp.url)).toMatch(/^E/);
  const relaxed = createTransports({ production: false });
  await expect(relaxed.post(smtp.url, mail)).resolves.toEqual({ outcome: 'sent' });
  relaxed.close();
});

test('nothing in the address switches the check of certificates off', async () => {
  smtp = await startSmtp({ starttls: true });
  expect(await faultOf(`${smtp.url}/?ignoreTLS=true&tls.rejectUnauthorized=false`)).toMatch(/^E/);
  expect(smtp.mails).toEqual([]);
});

test('a server that is away is left alone, and then tried by one mail at a time', async () => {
  smtp = await startSmtp();
  await smtp.stop();
  expect(await faultOf(smtp.url)).toMatch(/^E/);
  expect(await Promise.all([faultOf(smtp.url), faultOf(smtp.url)])).toEqual(['resting', 'resting']);
  smtp = await startSmtp({ port: smtp.port });
  expect(await faultOf(smtp.url)).toBe('resting');
  expect(smtp.connections).toBe(0);
});

test('one server gets two mails at a time; the others wait for their turn', async () => {
  smtp = await startSmtp({ behaviour: { delay: 100 } });
  const codes = await Promise.all(Array.from({ length: 6 }, () => faultOf(smtp.url)));
  expect(codes).toEqual(Array(6).fill('sent'));
  expect(smtp.connections).toBe(2);
});

test('a slow server holds two mails, and the third is told so soon', async () => {
  smtp = await startSmtp({ behaviour: { delay: 2_500 } });
  const slow = [faultOf(smtp.url), faultOf(smtp.url)];
  expect(await faultOf(smtp.url)).toBe('busy');
  expect(await Promise.all(slow)).toEqual(['sent', 'sent']);
});

test('what a fault says holds neither address nor password', async () => {
  smtp = await startSmtp({ behaviour: { refuse: { at: 'data', code: 554, says: 'ada@nightfall.example is a spammer' } } });
  await expect(transports.post(smtp.url, mail)).rejects.toThrow(new MailFault('EMESSAGE 554').message);
});

test('closing gives up what is on its way', async () => {
  smtp = await startSmtp({ behaviour: { hang: 'data' } });
  const given = faultOf(smtp.url);
  while (smtp.recipients.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  transports.close();
  expect(await given).toMatch(/^E/);
});
