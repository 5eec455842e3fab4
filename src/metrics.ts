// What this process counts for Prometheus. Labels are words of ours: neither a brand, an address nor anything that was sent becomes one.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const registry = new Registry();
const registers = [registry];

// A page within a tenth, a hash within two seconds: that is where somebody wants to look closely.
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const requests = new Histogram({
  name: 'portico_request_seconds',
  help: 'Time from a request to the end of its answer, by route, method and outcome (the class of the status; unavailable: 503; aborted).',
  labelNames: ['route', 'method', 'outcome'],
  buckets,
  registers,
});
// Without a label, so that the first one is an increase wherever it happens.
const faults = new Counter({ name: 'portico_faults_total', help: 'Requests that ended in a fault of ours.', registers });
const flows = new Counter({
  name: 'portico_flows_total',
  help: 'What people and operators did, by flow and outcome (ok, the code of a refusal, hung_up or fault). Sign-ins are the flow "login".',
  labelNames: ['flow', 'outcome'],
  registers,
});
const flowSeconds = new Histogram({
  name: 'portico_flow_seconds',
  help: 'Time a flow took, its hash and its wait included.',
  labelNames: ['flow'],
  buckets,
  registers,
});
const statements = new Histogram({
  name: 'portico_statement_seconds',
  help: 'Time of a statement from its sending to its rows, by its first word and outcome (ok or failed). `connect` is the wait for a connection that a transaction needs; a statement by itself has its wait in it.',
  labelNames: ['kind', 'outcome'],
  buckets: [0.0005, 0.001, 0.0025, ...buckets.slice(0, 9)],
  registers,
});
const jobs = new Histogram({
  name: 'portico_job_seconds',
  help: 'Time a job took, by task and outcome (ok, or failed: it is tried again).',
  labelNames: ['task', 'outcome'],
  buckets: [...buckets, 30, 60],
  registers,
});

let isOn = false;

export interface CountedRequest {
  route: string;
  isRoute: boolean | undefined;
  method: string;
  outcome: string;
  milliseconds: number;
}

/** Recording costs nothing until somebody wants to read it. */
export const metrics = {
  /** `isRoute`: somebody answers there; undefined when it is not known. */
  request({ route, isRoute, method, outcome, milliseconds }: CountedRequest): void {
    if (!isOn) return;
    if (outcome === '5xx') faults.inc();
    requests.observe({ route: boundedRoute(route, isRoute), method: knownMethod(method), outcome }, milliseconds / 1_000);
  },
  flow(flow: string, outcome: string, milliseconds: number): void {
    if (!isOn) return;
    flows.inc({ flow, outcome });
    flowSeconds.observe({ flow }, milliseconds / 1_000);
  },
  statement(text: string, outcome: 'ok' | 'failed', milliseconds: number): void {
    if (isOn) statements.observe({ kind: kindOf(text), outcome }, milliseconds / 1_000);
  },
  job(task: string, outcome: 'ok' | 'failed', milliseconds: number): void {
    if (isOn) jobs.observe({ task, outcome }, milliseconds / 1_000);
  },
};

/** A number that is asked for whenever somebody reads. `undefined`: unknown at the moment, and left out. */
export interface Reading {
  name: string;
  help: string;
  /** Its one label, when it has values for several. */
  label?: string;
  /** By the label's value, or under ''. */
  read(): Record<string, number> | undefined | Promise<Record<string, number> | undefined>;
}

/** Starts counting, and adds the process's own numbers (memory, event loop, garbage collection). */
export function startMetrics(readings: readonly Reading[]): Pick<Registry, 'metrics' | 'contentType'> {
  isOn = true;
  collectDefaultMetrics({ register: registry });
  startAtZero();
  for (const { name, help, label, read } of readings) {
    new Gauge({
      name,
      help,
      labelNames: label ? [label] : [],
      registers,
      async collect() {
        const values = await read();
        this.reset();
        // Without a label the reset leaves a 0, which would be a lie.
        if (!values && !label) this.remove();
        for (const [value, number] of Object.entries(values ?? {})) this.set(label ? { [label]: value } : {}, number);
      },
    });
  }
  return registry;
}

/** A number that appears with its first event has no increase: "nobody signed in" would alarm nobody. */
function startAtZero(): void {
  for (const flow of ['login', 'register', 'begin-registration'])
    for (const outcome of ['ok', 'too_many_attempts', 'overloaded', 'unavailable', 'fault']) flows.inc({ flow, outcome }, 0);
  flows.inc({ flow: 'login', outcome: 'wrong_credentials' }, 0);
}

// Routes are made of a fixed list of words, yet a stranger may put those in any order.
const MOST_ROUTES = 150;
const routes = new Set<string>();

/** What nobody answered is counted where others were answered before, or nowhere. */
function boundedRoute(route: string, isRoute: boolean | undefined): string {
  if (isRoute === false) return 'none';
  if (routes.has(route)) return route;
  if (isRoute === undefined) return 'none';
  if (routes.size >= MOST_ROUTES) return 'other';
  routes.add(route);
  return route;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE']);

function knownMethod(method: string): string {
  return methods.has(method) ? method : 'other';
}

const kinds = new Map<string, string>();

/** Statements are written once and named, so that this map ends with them. */
function kindOf(text: string): string {
  let kind = kinds.get(text);
  if (kind === undefined) {
    kind = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? 'other';
    if (kinds.size < 2_000) kinds.set(text, kind);
  }
  return kind;
}
