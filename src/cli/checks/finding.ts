// What a check of `doctor` found: one sentence, and what to do about it.
export interface Finding {
  check: 'settings' | 'secret' | 'database' | 'schema' | 'clock' | 'issuer' | 'proxy' | 'cookies' | 'mail';
  level: 'ok' | 'warn' | 'fail';
  says: string;
  remedy?: string;
}

type Check = Finding['check'];

export const ok = (check: Check, says: string): Finding => ({ check, level: 'ok', says });
export const warn = (check: Check, says: string, remedy: string): Finding => ({ check, level: 'warn', says, remedy });
export const fail = (check: Check, says: string, remedy: string): Finding => ({ check, level: 'fail', says, remedy });
