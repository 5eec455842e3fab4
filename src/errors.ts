// Every "no" the domain may answer to a person or a client, with its HTTP status.
// The sentences live in config/locales as `refusals.<code>`; a test checks that every language has each of them.
export const refusals = {
  account_unavailable: 403,
  answer_malformed: 422,
  answer_mask: 422,
  answer_required: 422,
  answer_too_long: 422,
  answer_too_many: 422,
  answer_too_short: 422,
  birthdate_invalid: 422,
  choice_unknown: 422,
  code_expired: 422,
  code_required: 422,
  code_tries: 422,
  code_used: 422,
  code_wrong: 422,
  confirmation_required: 422,
  consent_outdated: 422,
  consent_required: 422,
  consent_unknown: 422,
  date_early: 422,
  date_invalid: 422,
  date_late: 422,
  email_invalid: 422,
  email_required: 422,
  email_taken: 422,
  email_unchanged: 422,
  email_unconfirmed: 422,
  field_disabled: 422,
  field_unknown: 422,
  form_expired: 403,
  locale_invalid: 422,
  name_malformed: 422,
  name_too_long: 422,
  not_found: 404,
  number_invalid: 422,
  number_large: 422,
  number_small: 422,
  overloaded: 503,
  password_breached: 422,
  password_changed_elsewhere: 422,
  password_contains_context: 422,
  password_malformed: 422,
  password_required: 422,
  password_too_long: 422,
  password_too_short: 422,
  password_unchanged: 422,
  password_unset: 422,
  password_wrong: 422,
  phone_number_invalid: 422,
  registration_closed: 403,
  reset_url_unknown: 422,
  too_many_attempts: 429,
  unavailable: 503,
  under_age: 422,
  url_invalid: 422,
  user_code_expired: 422,
  user_code_required: 422,
  user_code_unknown: 422,
  user_code_used: 422,
  wrong_credentials: 422,
} as const;

export type RefusalCode = keyof typeof refusals;

/**
 * An expected "no". It never reveals whether an account exists unless its flow says so.
 * `field` names the input the sentence belongs to; `params` fill the sentence; `retryAfter` is in seconds.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly field: string | undefined;
  readonly params: Readonly<Record<string, string | number>>;
  readonly retryAfter: number | undefined;
  /** What else is wrong with the same form: told at once, so that nobody is sent back twice. */
  readonly also: readonly Refusal[];

  constructor(
    code: RefusalCode,
    field?: string,
    options: { params?: Readonly<Record<string, string | number>>; retryAfter?: number | undefined; also?: readonly Refusal[] } = {},
  ) {
    super(code);
    this.name = 'Refusal';
    this.code = code;
    this.status = refusals[code];
    this.field = field;
    this.params = options.params ?? {};
    this.retryAfter = options.retryAfter;
    this.also = options.also ?? [];
  }
}

/** The first of what is wrong, with the others beside it. @throws Refusal unless there are none. */
export function refuseAll(faults: readonly Refusal[]): void {
  const [first, ...also] = faults;
  if (!first) return;
  const { code, field, params, retryAfter } = first;
  throw new Refusal(code, field, { params, retryAfter, also: [...first.also, ...also] });
}

/** Runs `work`; when it refuses, what was found wrong before is told with it. */
export function besides<Result>(faults: readonly Refusal[], work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) refuseAll([error, ...faults]);
    throw error;
  }
}

/** A mistake of the operator (a file, a setting, a command); its message says what to do and is shown as it is. */
export class OperatorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
  }
}
