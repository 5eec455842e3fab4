// What the sign-in page says after a "no".
import { Refusal, type RefusalCode } from '../../errors.ts';
import { recall, type Told } from '../kept-refusals.ts';
import type { FormRefusal } from '../page-locals.ts';

export type LoginAction = 'login' | 'register';

/** A page of which several fields are wrong names them all, so that nobody is sent back twice. */
export function tell(action: LoginAction, password: string | undefined, refusal: Refusal): Told {
  const alsoEmpty = refusal.field === 'email' && !password;
  return {
    refusal: worded(action, refusal),
    also: [...(alsoEmpty ? [new Refusal('password_required', 'password')] : []), ...refusal.also].map((other) => worded(action, other)),
  };
}

/** What the language switch carried, in the words of the form that was sent. */
export function recallOf(action: LoginAction, ...kept: Parameters<typeof recall>): Told {
  const { refusal, also = [] } = recall(...kept);
  return { refusal: refusal && worded(action, refusal), also: also.map((other) => worded(action, other)) };
}

function worded(action: LoginAction, { code, field, params }: FormRefusal): FormRefusal {
  const sentence = action === 'login' ? loginSentences[code] : undefined;
  return { code, field, params, sentence };
}

/** Who signs in has a password, who joins chooses one; and a link lets in only who has an account. */
const loginSentences: Partial<Record<RefusalCode, string>> = {
  password_required: 'login.passwordRequired',
  too_many_attempts: 'login.tooManyAttempts',
};
