// Passwords that everyone's guessing list begins with, offline (ASVS 6.2.4, 6.2.12).
import { createRequire } from 'node:module';

let known: Set<string> | undefined;

/** True for a common password and for what people make of one to please a rule: `Password1`, `passw0rd2026!`, `qwertzuiop`. */
export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase();
  if (isOneCharacter(lower)) return true;
  return spellings(lower).some((spelling) => commonPasswords().has(spelling) || isKeyboardRun(spelling));
}

/** 49,233 entries in lower case. Loaded at the first question: 14 ms and about 5 MB, which `npm start` need not wait for. */
function commonPasswords(): Set<string> {
  // The list's own file, since the package's entry would load 14,000 dice words and keyboard graphs beside it.
  known ??= new Set(createRequire(import.meta.url)('@zxcvbn-ts/language-common/dist/passwords.json.cjs') as string[]);
  return known;
}

/** The password itself, without what was appended or prepended to it, and each of these with its digits and signs read as letters. */
function spellings(lower: string): string[] {
  const all = [lower, ...stems(lower)];
  return [...all, ...all.map(unleet)];
}

function stems(lower: string): string[] {
  const characters = [...lower];
  const first = characters.findIndex(isLetter);
  const last = characters.findLastIndex(isLetter);
  const part = (from: number, to?: number) => characters.slice(from, to).join('');
  if (first < 0 || !isDecoration(part(last + 1))) return [];
  const found = isDecoration(part(0, first)) ? [part(0, last + 1), part(first, last + 1)] : [part(0, last + 1)];
  // A stem of three letters says nothing: `abc` and five random digits is no common password.
  return found.filter((stem) => stem.length >= 4);
}

function isLetter(character: string): boolean {
  return character >= 'a' && character <= 'z';
}

/** Five characters hold a year and a sign; more may well be random, unless it is a common password too. */
function isDecoration(text: string): boolean {
  return text.length <= 5 || commonPasswords().has(text);
}

const letters: Record<string, string> = { '0': 'o', '1': 'l', '!': 'i', '3': 'e', '4': 'a', '@': 'a', '5': 's', $: 's', '7': 't' };

function unleet(text: string): string {
  return text.replace(/[0134!@5$7]/g, (sign) => letters[sign] ?? sign);
}

function isOneCharacter(text: string): boolean {
  return new Set(text).size === 1;
}

const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789', 'qwertyuiopasdfghjklzxcvbnm', 'qwertzuiopüasdfghjklöäyxcvbnm'];
const runs = [...rows, ...rows.map((row) => [...row].reverse().join(''))];

function isKeyboardRun(text: string): boolean {
  return text.length >= 5 && runs.some((run) => run.includes(text));
}
