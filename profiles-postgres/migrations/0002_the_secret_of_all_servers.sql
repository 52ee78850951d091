-- By what the servers of a database know that they have the same secret: no secret itself.
create table server_secret (
    only_row boolean primary key default true check (only_row),
    fingerprint bytea not null check (length(fingerprint) = 32)
);
