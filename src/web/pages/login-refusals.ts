// What the sign-in page says after a "no", and how that survives a change of language: as codes, never as sentences.
import { Refusal, type RefusalCode, refusals } from '../../errors.ts';
import type { FormState } from '../page-locals.ts';

export type LoginAction = 'login' | 'register';
export type Told = Pick<FormState, 'refusal' | 'also'>;

/** Flows stop at the first "no"; a page whose two fields are wrong names both, so that nobody is sent back twice. */
export function tell(action: LoginAction, password: string | undefined, refusal: Refusal): Told {
  const alsoEmpty = refusal.field === 'email' && !password;
  return {
    refusal: worded(action, refusal),
    also: alsoEmpty ? worded(action, new Refusal('password_required', 'password')) : undefined,
  };
}

/** "code.field code.field": what the language switch carries. */
export function keep({ refusal, also }: Told): string {
  return [refusal, also].flatMap((told) => (told ? [[told.code, told.field].filter(Boolean).join('.')] : [])).join(' ');
}

/** The way back from `keep`; what it did not write is not said. `params` fill the sentences that need any. */
export function recall(action: LoginAction, kept: string | undefined, params: Refusal['params']): Told {
  const [refusal, also] = (kept ?? '').split(' ', 2).map((part) => {
    const [code = '', field] = part.split('.', 2);
    if (!Object.hasOwn(refusals, code)) return undefined;
    return worded(action, { code: code as RefusalCode, field: field === 'email' || field === 'password' ? field : undefined, params });
  });
  return { refusal, also: refusal && also };
}

function worded(action: LoginAction, { code, field, params }: Pick<Refusal, 'code' | 'field' | 'params'>) {
  const sentence = action === 'login' ? loginSentences[code] : undefined;
  return { code, field, params, sentence };
}

/** Who signs in has a password, who joins chooses one; and a link lets in only who has an account. */
const loginSentences: Partial<Record<RefusalCode, string>> = {
  password_required: 'login.passwordRequired',
  too_many_attempts: 'login.tooManyAttempts',
};
