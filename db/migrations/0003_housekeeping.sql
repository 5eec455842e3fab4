-- Signs of life of the processes that run jobs. The jobs of one that fell silent are given to the others.
create table portico.workers (
  id text primary key,
  seen_at timestamptz not null default portico.now()
);
