// What stands in the inputs of questions before anybody typed: what is stored, and what the request lets guess.
import { currencyOf } from '../domain/countries.ts';
import { type AskedPerson, storedValue } from '../domain/profile-capture.ts';
import type { ProfileField } from '../domain/profile-fields.ts';
import type { Context } from './request.ts';

/** What is stored, as the inputs of a form hold it. */
export function storedValues(fields: readonly ProfileField[], person: Pick<AskedPerson, 'claims' | 'answers'>): Record<string, string> {
  return Object.fromEntries(fields.flatMap((field) => flatten(field, field.key, storedValue(field, person))));
}

function flatten(field: ProfileField, name: string, value: unknown): [string, string][] {
  if (value === undefined || value === null) return [];
  switch (field.type) {
    case 'checkbox':
      return value === true ? [[name, 'yes']] : [];
    case 'multi_select':
      return (value as string[]).map((one) => [`${name}.${one}`, 'yes']);
    case 'name':
      return Object.entries(value as Record<string, string>).map(([part, text]) => [`${name}.${part}`, text ?? '']);
    case 'address': {
      const { street_address: street = '', ...parts } = value as Record<string, string>;
      const [line1 = '', ...rest] = street.split('\n');
      const lines: [string, string][] = [
        [`${name}.street_address`, line1],
        [`${name}.line2`, rest.join(', ')],
      ];
      return [...lines, ...Object.entries(parts).map(([part, text]): [string, string] => [`${name}.${part}`, text])];
    }
    case 'group':
      return (value as Record<string, unknown>[]).flatMap((item, row) =>
        field.items.flatMap((one) => flatten(one, `${name}.${row}.${one.key}`, item[one.key])),
      );
    default:
      return [[name, String(value)]];
  }
}

/** What the request lets guess, for questions nobody has answered: a person corrects it faster than they type it. */
export function guessedValues(fields: readonly ProfileField[], { state }: Context): Record<string, string> {
  const { country, locale } = state;
  const guesses: Record<string, string | undefined> = { country, currency: currencyOf(country), locale };
  const guessed = fields.flatMap(({ key, type, options }): [string, string][] => {
    const guess = type === 'address' ? country : type === 'country' || type === 'currency' || type === 'locale' ? guesses[type] : undefined;
    if (!guess || (options.length > 0 && !options.some(({ value }) => value === guess))) return [];
    return [[type === 'address' ? `${key}.country` : key, guess]];
  });
  return Object.fromEntries(guessed);
}
