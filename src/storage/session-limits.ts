// How long one of our sessions may take before the person gets "try again": a page that waits longer is given up anyway,
// and what it holds keeps others waiting. Behind a transaction pooler the server has to be told by an operator (docs/decisions.md).

/** PostgreSQL's own settings, in milliseconds. */
export const sessionLimits = {
  lock_timeout: 2_000,
  statement_timeout: 3_000,
  idle_in_transaction_session_timeout: 5_000,
} as const;

/** After so many milliseconds without an answer nobody is there: a server that lives would have ended the statement before. */
export const SILENCE = 3_500;

/** The same address for work that may take long, such as migrations, whatever limits the role has. Not through a pooler. */
export function withoutLimits(url: string): string {
  const unhurried = new URL(url);
  for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout']) unhurried.searchParams.set(name, '0');
  return unhurried.href;
}
