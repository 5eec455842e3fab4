// What people and operators do, seen from outside: a span and a count for each flow. No address, no name, no id goes into either.
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { Refusal } from './errors.ts';
import { metrics } from './metrics.ts';
import { isDatabaseAway } from './storage/database.ts';

// Without an OpenTelemetry SDK, which an operator may load, spans are nothing and cost next to it.
const tracer = trace.getTracer('portico');

type Outcome = 'ok' | (string & {});

/**
 * The flow as it is, within a span `flow <name>` (attributes `portico.brand`, its slug, and `portico.outcome`) and counted in
 * `portico_flows_total`. The outcome is `ok`, a refusal's code, `hung_up`, `unavailable` (the database), or `fault`.
 */
export function traced<Args extends unknown[], Result>(flow: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  const name = flow.name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return (...args) =>
    tracer.startActiveSpan(`flow ${name}`, async (span) => {
      const started = performance.now();
      const slug = slugOf(args[1]);
      if (slug) span.setAttribute('portico.brand', slug);
      let outcome: Outcome = 'ok';
      try {
        return await flow(...args);
      } catch (error) {
        outcome = outcomeOf(error);
        if (outcome === 'fault') markFault(span, error);
        throw error;
      } finally {
        span.setAttribute('portico.outcome', outcome);
        span.end();
        metrics.flow(name, outcome, performance.now() - started);
      }
    });
}

/** Flows take the brand second. */
function slugOf(brand: unknown): string | undefined {
  const slug = (brand as { slug?: unknown } | undefined)?.slug;
  return typeof slug === 'string' ? slug : undefined;
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof Refusal) return error.code;
  if ((error as { name?: string } | undefined)?.name === 'AbortError') return 'hung_up';
  return isDatabaseAway(error) ? 'unavailable' : 'fault';
}

/** The kind of fault alone: messages quote what was typed. */
function markFault(span: Span, error: unknown): void {
  const { name = 'Error', code } = (error ?? {}) as { name?: string; code?: string };
  span.setAttribute('error.type', code ?? name);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
