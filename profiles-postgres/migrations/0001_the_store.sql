-- What the store keeps. Moments are microseconds since 1970, as the core counts them; numbers of rows are the core's.
-- Texts that are compared or ordered stand in the collation "C", so that every database orders them by code points.

create extension if not exists pg_trgm;

-- Commands that wrote something, so that one whose answer got lost is not done twice.
create table commands (
    id bytea primary key,
    made_at timestamptz not null default now()
);
create index commands_made_at on commands (made_at);

create table accounts (
    id bigint primary key,
    revision bigint not null,
    profile bigint not null constraint accounts_profile unique,
    username text collate "C" not null,
    username_key text collate "C" not null constraint accounts_username unique,
    email text collate "C",
    email_verified boolean not null,
    first_name text not null,
    last_name text not null,
    password text not null,
    is_staff boolean not null,
    is_active boolean not null,
    joined_at bigint not null,
    last_login_at bigint,
    -- Set while the account is being erased, step by step.
    erasing_since bigint,
    constraint accounts_erased check (erasing_since is null or not is_active)
) with (fillfactor = 80);
create unique index accounts_verified_email on accounts (email) where email_verified;
create index accounts_email on accounts (email, id) where email is not null;
create index accounts_erasing on accounts (id) where erasing_since is not null;

create table profiles (
    id bigint primary key,
    account bigint not null unique references accounts,
    revision bigint not null,
    avatar_digest bytea,
    avatar_format smallint,
    bio text not null,
    city text not null,
    -- The name of the account as it is compared, and the city as it is searched.
    username_key text collate "C" not null,
    city_key text collate "C" not null,
    constraint profiles_avatar check ((avatar_digest is null) = (avatar_format is null))
);
create index profiles_by_username on profiles (username_key, id);
create index profiles_avatar on profiles (avatar_digest) where avatar_digest is not null;
create index profiles_search_username on profiles using gin (username_key gin_trgm_ops);
create index profiles_search_city on profiles using gin (city_key gin_trgm_ops);

create table statuses (
    id bigint primary key,
    account bigint not null references accounts,
    revision bigint not null,
    text text not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index statuses_of_account on statuses (account, id);
create index statuses_created_at on statuses (created_at, id);

-- How many statuses each account has.
create table status_counts (
    account bigint primary key references accounts,
    count bigint not null
) with (fillfactor = 50);

-- What happened to statuses, for those who follow it.
create table changes (
    number bigint primary key,
    at bigint not null,
    kind smallint not null,
    status bigint not null,
    account bigint not null
);

-- The books: numbers given out last, how many rows there are, and what must never go back. Each has one row. Who makes or
-- removes a row of a list holds the row of its book until the end of its transaction: so numbers have no gaps, follow the
-- order of committing, and counts are exact.
create table profile_book (
    only_row boolean primary key default true check (only_row),
    last_account bigint not null,
    last_profile bigint not null,
    count bigint not null
) with (fillfactor = 10);
insert into profile_book values (true, 0, 0, 0);

create table status_book (
    only_row boolean primary key default true check (only_row),
    last_status bigint not null,
    last_created_at bigint,
    last_change bigint not null,
    count bigint not null
) with (fillfactor = 10);
insert into status_book values (true, 0, null, 0, 0);

-- How many rows there are in each block of 2^10 (level 10) and of 2^20 (level 20) numbers, so that the place of a row in
-- its list costs the same everywhere.
create table profile_ranks (
    level smallint not null,
    block bigint not null,
    count bigint not null,
    primary key (level, block)
) with (fillfactor = 50);

create table status_ranks (
    level smallint not null,
    block bigint not null,
    count bigint not null,
    primary key (level, block)
) with (fillfactor = 50);

create sequence token_ids;
create table tokens (
    digest bytea primary key,
    id bigint not null constraint tokens_id unique,
    account bigint not null references accounts,
    kind smallint not null,
    ends_at bigint,
    -- Microseconds without use after which it ends.
    idle bigint,
    -- When it ends, by both.
    expires_at bigint,
    name text,
    scopes text[] not null,
    address text,
    agent text,
    request_id text,
    created_at bigint not null,
    last_used_at bigint
) with (fillfactor = 80);
create index tokens_of_account on tokens (account, id);
create index tokens_expiry on tokens (expires_at) where expires_at is not null;

-- Where an account logged in from, as the core keeps it.
create table places (
    account bigint primary key references accounts,
    places json not null
);

create table mail_keys (
    digest bytea primary key,
    account bigint not null references accounts,
    purpose smallint not null,
    email text collate "C" not null,
    expires_at bigint not null
);
create index mail_keys_of_account on mail_keys (account, purpose, expires_at, digest);
create index mail_keys_expiry on mail_keys (expires_at);

create table tallies (
    key bytea primary key,
    count bigint not null,
    last bigint not null,
    told boolean not null,
    forgotten_at bigint not null
) with (fillfactor = 80);
create index tallies_expiry on tallies (forgotten_at);

-- Requests that are done once.
create table requests (
    key bytea primary key,
    account bigint not null references accounts,
    fingerprint bytea not null,
    status bigint,
    expires_at bigint not null
);
create index requests_of_account on requests (account, expires_at, key);
create index requests_expiry on requests (expires_at);

create sequence outbox_ids;
create table outbox (
    id bigint primary key,
    account bigint not null references accounts,
    mail json not null,
    -- 0 waits, 1 is held, 2 is dead.
    state smallint not null,
    due bigint not null,
    attempts bigint not null,
    unsure bigint not null,
    problem text,
    queued_at bigint not null
) with (fillfactor = 70);
create index outbox_due on outbox (due, id) where state <> 2;
create index outbox_of_account on outbox (account, id);

create sequence audit_ids;
create table audit (
    id bigint primary key,
    at bigint not null,
    event text not null,
    outcome text not null,
    -- The account that did it; neither that nor an operator was somebody who was not logged in.
    actor bigint,
    by_operator boolean not null,
    account bigint,
    object bigint,
    address text,
    agent text,
    request_id text
);
create index audit_of_account on audit (account, id) where account is not null;
create index audit_of_actor on audit (actor, id) where actor is not null;

-- The files of pictures, so that every server of the database has them.
create table pictures (
    digest bytea not null,
    format smallint not null,
    size smallint not null,
    content bytea not null,
    put_at bigint not null,
    -- How many put it and have not pointed a profile at it yet, and until when that counts: one that does not come to it is
    -- forgotten. By the database's own clock, for servers that do not know of each other.
    awaited bigint not null default 1,
    awaited_until timestamptz not null default now() + interval '10 minutes',
    primary key (digest, format, size)
);
alter table pictures alter column content set storage external;
