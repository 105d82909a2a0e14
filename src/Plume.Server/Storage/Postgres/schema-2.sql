-- Version 2: what is kept of each version of a federation's model. The events of versions before the last two are deleted from now on.
create table plume.ledger_record (
    federation text collate "C" not null references plume.ledger_head,
    version integer not null,
    record bytea not null,
    primary key (federation, version)
);
