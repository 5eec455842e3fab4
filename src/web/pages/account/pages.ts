// Every page of "my account" by the last segment of its address; '' is the overview.
import { apps } from './apps.ts';
import { consents } from './consents.ts';
import { data } from './data.ts';
import { deletion } from './delete.ts';
import { email } from './email.ts';
import { overview } from './overview.ts';
import { password } from './password.ts';
import { profile } from './profile.ts';
import { sessions } from './sessions.ts';
import type { AccountPage, Segment } from './visit.ts';

export const pages: Readonly<Partial<Record<Segment, AccountPage>>> = {
  '': overview,
  profile,
  email,
  password,
  sessions,
  apps,
  consents,
  data,
  delete: deletion,
};
