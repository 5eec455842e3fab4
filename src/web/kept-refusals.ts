// How a "no" survives a change of language: as codes, never as sentences.
import { type Refusal, type RefusalCode, refusals } from '../errors.ts';
import type { FormRefusal, FormState } from './page-locals.ts';

export type Told = Pick<FormState, 'refusal' | 'also'>;

/** So many sentences come back at the most. */
const MOST = 20;

/** Sentences that tell of their field, which does not travel: sent again, the form says them again. */
const TELLING = /^((answer|name)_(mask|too_\w+)|date_(early|late)|number_(large|small)|consent_unknown|field_\w+|under_age)$/;

/** "code.field code.field": what the language switch carries. */
export function keep({ refusal, also = [] }: Told): string {
  return [refusal, ...also].flatMap((told) => (told ? [[told.code, told.field].filter(Boolean).join('.')] : [])).join(' ');
}

/** The way back from `keep`; what it did not write is not said. `params` fill the sentences that need any, `fields` are those of the form. */
export function recall(kept: string | undefined, params: Refusal['params'], fields: readonly string[]): Told {
  const told = (kept ?? '').split(' ', MOST).flatMap((part): FormRefusal[] => {
    const [, code = '', field] = /^(\w+)(?:\.(.+))?$/.exec(part) ?? [];
    if (!Object.hasOwn(refusals, code) || TELLING.test(code)) return [];
    return [{ code: code as RefusalCode, field: fields.find((known) => known === field), params }];
  });
  const [refusal, ...also] = told;
  return { refusal, also };
}
