// Hashes from elsewhere, made by other programs: openssl, Python's hashlib, and the test vectors of the schemes themselves.
import { isKnownHash, verifyImported } from '../../src/hashers/imported.ts';

const password = 'tremolo cassette 47';

const made: [form: string, password: string, hash: string][] = [
  ['bcrypt, its own test vector', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['bcrypt', password, '$2b$05$CCCCCCCCCCCCCCCCCCCCC.uZwA7lPlRtlqw40pHEc8X0p.vkYhddq'],
  ['bcrypt of PHP', password, '$2y$05$CCCCCCCCCCCCCCCCCCCCC.uZwA7lPlRtlqw40pHEc8X0p.vkYhddq'],
  ['PBKDF2 of Django', password, 'pbkdf2_sha256$1000$NaCl$tCCQwkpZtODlu8GhQuMdTcXdfBpqAl99NJIpq2/I/V0='],
  [
    'PBKDF2 of passlib',
    password,
    '$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$tTOzpg8eOqBWO7L3MtUyb.0lYuqqUY.mpsOn77.u1BCMYMY1NEiyBsKn4cSxRpoJ6cqwmMcB4RhDoKj8zLUu9w',
  ],
  ['PBKDF2 with SHA-1', password, '$pbkdf2$1000$8PHy8/T19vf4.fr7/P3./w$8VCQV5Q1NVg4YDHCcREHxtCxbm8'],
  ['PBKDF2 as PHC', password, '$pbkdf2-sha256$i=1000,l=32$8PHy8/T19vf4+fr7/P3+/w$bTqIPxYDKc3X2lq5iJLuDRdr6dqwsqgondqzPAoTHrA'],
  ['scrypt', password, '$scrypt$ln=10,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$Xmo7lvl4noukQ0BTHMmNFK34HPg5BNU4FVbc8lMfWBs'],
  ['argon2i', 'x', '$argon2i$v=19$m=1024,t=2,p=1$4v2zHNwGz03X/8b7rTEyrw$Hz+GzSQwftUkLjgnS5gd3PHsHrup+3trGyArc/2GqyA'],
  ['argon2d', 'x', '$argon2d$v=19$m=1024,t=2,p=1$zKBlBNDGTaeF2Ytj9xT3sQ$Gy2GfeP1A5Zy62qlpaK1eHMTrIYpHxecy9zmJhD7YxA'],
  ['SHA-256 crypt, its own test vector', 'Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['SHA-256 crypt', password, '$5$rounds=7000$abcd$iPeeRAhUhOn5ZldtBpBOx0RREhulYOlwUv0yN0OHSb9'],
  [
    'SHA-512 crypt, its own test vector',
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'SHA-512 crypt',
    'x'.repeat(100),
    '$6$abcdefghijklmnop$r/HtRGuCzMNedONV3I8Xz8Qm4Qy85pQ/RigX0agmbAzWsa3BCc1B564NfCD/Giyliby36KbTMkrVLsmFYtbTu1',
  ],
  ['MD5 crypt', password, '$1$NaClNaCl$0R2u70Xr9yzUPGTF7PZcl/'],
  ['MD5 of htpasswd', password, '$apr1$abc$ZnUe9slEFemCwXunL8OV60'],
  ['phpass, its own test vector', 'test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['phpass of WordPress', password, '$P$Babcdefghf8lxg8QUhlQzZU4DmWVna1'],
  ['phpass of phpBB', password, '$H$Babcdefghf8lxg8QUhlQzZU4DmWVna1'],
  ['phpass of Drupal', password, '$S$8abcdefghf24InbTnVbmmAtvoj.PS7YvDeQRZXamiBc4TPdUs8ze'],
  ['salted MD5 of LDAP', password, '{SMD5}/pWwKzLOFL8GNyz//1yDwE5hQ2w='],
  ['salted SHA-1 of LDAP', password, '{SSHA}L6HO7/cv51TNkoQ5ZNmKlXaKqdxOYUNs'],
  ['salted SHA-256 of LDAP', password, '{SSHA256}3sBZIoEeKO7wbtJQmy8knqAsipebaZaVPQrqarL4p1ROYUNs'],
  [
    'salted SHA-512 of LDAP',
    password,
    '{SSHA512}hgQ60NDzByjIFh/XY722Rv69QjrBOwkzbkkTMeFguAgqMH7sZ7iHNVX747dV9wGV/o5sflBGeBPtJuT4fisX205hQ2w=',
  ],
  ['SHA-1 of LDAP', password, '{SHA}UupsE70kbCc5JLyvsS6C7ZM/IvU='],
  ['salted MD5', password, 'md5$NaCl$c645a75027919e4a7c2931c008ba2646'],
  ['salted SHA-1', password, 'sha1$NaCl$f8519db8eab276ab729ca507e8c191da65cfef69'],
  ['salted SHA-256', password, 'sha256$NaCl$195c68ef6aa9bc984d77fcc0f33621c855ce062e50b566b7eda3d8005de73c74'],
  ['MD5 without salt', password, 'md5$$9336fc4a4a54c053be8f1829ebf0dbb1'],
];

test.each(made)('%s verifies, and only with its password', async (_, typed, hash) => {
  expect(isKnownHash(hash)).toBe(true);
  expect(await verifyImported(hash, typed)).toBe(true);
  expect(await verifyImported(hash, `${typed}.`)).toBe(false);
  expect(await verifyImported(hash, '')).toBe(false);
});

test.each(made)('%s that was damaged matches nothing and breaks nothing', async (_, typed, hash) => {
  for (const damaged of [hash.slice(0, -3), hash.slice(0, 12), `${hash}AAAA`, hash.slice(1), `${hash}\n`, hash.replace(/.$/, '!')])
    expect([damaged, await verifyImported(damaged, typed)]).toEqual([damaged, false]);
});

test.each([
  '',
  'plain text',
  '$1$old$style',
  '$2b$31$CCCCCCCCCCCCCCCCCCCCC.uZwA7lPlRtlqw40pHEc8X0p.vkYhddq',
  '$scrypt$ln=30,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$Xmo7lvl4noukQ0BTHMmNFK34HPg5BNU4FVbc8lMfWBs',
  'pbkdf2_sha256$99999999999$NaCl$tCCQwkpZtODlu8GhQuMdTcXdfBpqAl99NJIpq2/I/V0=',
  'pbkdf2_sha256$1000$NaCl$tCCQ',
  '$6$rounds=999999999$abcdefghijklmnop$r/HtRGuCzMNedONV3I8Xz8Qm4Qy85pQ/RigX0agmbAzWsa3BCc1B564NfCD/Giyliby36KbTMkrVLsmFYtbTu1',
  '$argon2i$v=19$m=99999999,t=2,p=1$4v2zHNwGz03X/8b7rTEyrw$Hz+GzSQwftUkLjgnS5gd3PHsHrup+3trGyArc/2GqyA',
  '{SSHA}L6HO7/cv51TNkoQ5ZNmKlXaKqdw=',
])('%s is no hash to import, nor does it cost anything', async (hash) => {
  const started = performance.now();
  expect(isKnownHash(hash)).toBe(false);
  expect(await verifyImported(hash, 'x')).toBe(false);
  expect(performance.now() - started).toBeLessThan(100);
});

test('an old scheme that loops in JavaScript lets others go on meanwhile', async () => {
  const [, typed, hash] = made.find(([form]) => form === 'phpass of WordPress')!;
  let turns = 0;
  const others = setInterval(() => (turns += 1), 0);
  for (let count = 0; count < 10; count += 1) await verifyImported(hash, typed);
  clearInterval(others);
  expect(turns).toBeGreaterThan(5);
});
