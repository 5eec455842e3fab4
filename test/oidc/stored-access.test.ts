import { storedAccess } from '../../src/oidc/stored-access.ts';

test('what at least one grant gives, each thing once, without what was rejected', () => {
  const api = 'https://api.nightfall.example';
  expect(
    storedAccess([
      { openid: { scope: 'openid email', claims: ['given_name'] }, resources: { [api]: 'read' } },
      {
        openid: { scope: 'openid phone address', claims: ['given_name', 'birthdate'] },
        resources: { [api]: 'read write admin' },
        rejected: { openid: { scope: 'address', claims: ['birthdate'] }, resources: { [api]: 'admin' } },
      },
      {},
    ]),
  ).toEqual({ scopes: ['openid', 'email', 'phone'], claims: ['given_name'], apis: { [api]: ['read', 'write'] } });
});
