// What has no counterpart in a bare provider, and is measured on Portico alone.
import type { Figure } from './figure.ts';
import { besideSignIns } from './figures-crowd.ts';
import { hashing } from './figures-hashing.ts';
import { loginPage } from './figures-page.ts';
import type { Load } from './load-process.ts';
import type { Peer } from './peer.ts';
import type { Say } from './report.ts';

export interface Scene {
  peer: Peer;
  /** Signs people in. */
  crowd: Load;
  /** Looks how others fare. */
  probe: Load;
  /** The environment of the server. */
  env: Record<string, string>;
  say: Say;
}

export interface FigureSource {
  name: string;
  /** Signs so many people in that the generators are needed. */
  crowded: boolean;
  measure(scene: Scene): Promise<Figure[]>;
}

export const figureSources: readonly FigureSource[] = [
  { name: 'login page', crowded: false, measure: loginPage },
  { name: 'password logins', crowded: true, measure: hashing },
  { name: 'refresh beside sign-ins, memory under load', crowded: true, measure: besideSignIns },
];
