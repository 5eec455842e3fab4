-- Lets one statement write everything a request decided, or nothing of it.

-- Fails the statement it stands in unless the condition holds; `what` says which rule lost. Callers know it by its SQLSTATE.
create function portico.demand(holds boolean, what text) returns integer
language plpgsql
as $$
begin
  if holds then
    return 1;
  end if;
  raise exception using errcode = 'PT409', message = what;
end
$$;
