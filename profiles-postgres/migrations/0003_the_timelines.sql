-- The timelines of the database's log, of which each promotion of a copy begins one, with a mark that nobody else could make.
-- A copy in which the mark of the primary's timeline stands follows that primary; one that is left over from an earlier one
-- does not have it, however far its own log goes.
create table timelines (
    number integer primary key,
    mark text not null default gen_random_uuid()
);
