-- What Plume keeps in PostgreSQL, version 1. `plume db apply` runs this in one transaction, once.

-- The head of each federation's ledger. Who writes must name the epoch and the version that stand here.
create table plume.ledger_head (
    federation text collate "C" primary key,
    epoch bigint not null,
    version integer not null,
    head bytea not null,
    -- How many events there are since the head.
    events integer not null
);

-- The events since each version of a head; those before the newest are history.
create table plume.ledger_event (
    federation text collate "C" not null references plume.ledger_head,
    version integer not null,
    position integer not null,
    event bytea not null,
    primary key (federation, version, position)
);

create table plume.blob (
    id bigint generated always as identity primary key,
    -- Ordinal order, whatever the database's locale is.
    name text collate "C" not null unique,
    length bigint not null,
    -- Goes up with every append, so that one that was delayed on its way finds that it is too late.
    revision bigint not null
);

create table plume.blob_chunk (
    blob bigint not null references plume.blob on delete cascade,
    start bigint not null,
    bytes bytea not null check (octet_length(bytes) between 1 and 1048576),
    primary key (blob, start)
);

-- Payloads are compressed already; uncompressed storage also lets a part of a chunk be read alone.
alter table plume.blob_chunk alter column bytes set storage external;

create table plume.record (
    key text collate "C" primary key,
    value bytea not null,
    revision bigint not null,
    -- Who wrote it: a writer that lost its connection finds out whether it was its own write that counted.
    writer uuid not null
);

-- Orleans' list of silos. The provider reads its queries from orleansquery, runs them with named parameters, and expects
-- these names of columns; a cluster is what it calls a deployment. The version row turns with every change, which makes
-- a change by a silo that has an old view fail.
create table plume.orleansquery (
    querykey text primary key,
    querytext text not null
);

create table plume.orleansmembershipversiontable (
    deploymentid text primary key,
    version integer not null,
    changed timestamptz not null
);

create table plume.orleansmembershiptable (
    deploymentid text not null references plume.orleansmembershipversiontable,
    address text not null,
    port integer not null,
    generation integer not null,
    siloname text not null,
    hostname text not null,
    status integer not null,
    proxyport integer not null,
    suspecttimes text,
    starttime timestamptz not null,
    iamalivetime timestamptz not null,
    primary key (deploymentid, address, port, generation)
);

insert into plume.orleansquery (querykey, querytext) values
('InsertMembershipVersionKey', '
    with made as (
        insert into plume.orleansmembershipversiontable (deploymentid, version, changed)
        values (@DeploymentId, 0, now())
        on conflict do nothing
        returning 1)
    select exists (select from made)
'),
('InsertMembershipKey', '
    with turned as (
        update plume.orleansmembershipversiontable as v set version = v.version + 1, changed = now()
        where v.deploymentid = @DeploymentId and v.version = @Version and not exists (
            select from plume.orleansmembershiptable as m
            where m.deploymentid = @DeploymentId and m.address = @Address and m.port = @Port and m.generation = @Generation)
        returning v.deploymentid),
    joined as (
        insert into plume.orleansmembershiptable
            (deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
        select turned.deploymentid, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
        from turned
        returning 1)
    select exists (select from joined)
'),
('UpdateMembershipKey', '
    with turned as (
        update plume.orleansmembershipversiontable as v set version = v.version + 1, changed = now()
        where v.deploymentid = @DeploymentId and v.version = @Version and exists (
            select from plume.orleansmembershiptable as m
            where m.deploymentid = @DeploymentId and m.address = @Address and m.port = @Port and m.generation = @Generation)
        returning v.deploymentid),
    changed as (
        update plume.orleansmembershiptable as m
        set status = @Status, suspecttimes = @SuspectTimes, iamalivetime = greatest(m.iamalivetime, @IAmAliveTime)
        from turned
        where m.deploymentid = turned.deploymentid and m.address = @Address and m.port = @Port and m.generation = @Generation
        returning 1)
    select exists (select from changed)
'),
('UpdateIAmAlivetimeKey', '
    update plume.orleansmembershiptable as m set iamalivetime = greatest(m.iamalivetime, @IAmAliveTime)
    where m.deploymentid = @DeploymentId and m.address = @Address and m.port = @Port and m.generation = @Generation
'),
('MembershipReadRowKey', '
    select v.version, m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport, m.suspecttimes, m.starttime, m.iamalivetime
    from plume.orleansmembershipversiontable as v
    left join plume.orleansmembershiptable as m
        on m.deploymentid = v.deploymentid and m.address = @Address and m.port = @Port and m.generation = @Generation
    where v.deploymentid = @DeploymentId
'),
('MembershipReadAllKey', '
    select v.version, m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport, m.suspecttimes, m.starttime, m.iamalivetime
    from plume.orleansmembershipversiontable as v
    left join plume.orleansmembershiptable as m on m.deploymentid = v.deploymentid
    where v.deploymentid = @DeploymentId
'),
('GatewaysQueryKey', '
    select m.address, m.proxyport, m.generation
    from plume.orleansmembershiptable as m
    where m.deploymentid = @DeploymentId and m.status = @Status and m.proxyport > 0
'),
('DeleteMembershipTableEntriesKey', '
    with members as (delete from plume.orleansmembershiptable where deploymentid = @DeploymentId)
    delete from plume.orleansmembershipversiontable where deploymentid = @DeploymentId
'),
('CleanupDefunctSiloEntriesKey', '
    delete from plume.orleansmembershiptable as m
    where m.deploymentid = @DeploymentId and m.status = 6 and m.iamalivetime < @IAmAliveTime and m.starttime < @IAmAliveTime
        and coalesce(m.suspecttimes, '''') = ''''
'),
('CleanupDefunctSiloEntryKey', '
    delete from plume.orleansmembershiptable as m
    where m.deploymentid = @DeploymentId and m.address = @Address and m.port = @Port and m.generation = @Generation
        and m.status = 6 and m.starttime = @StartTime and m.iamalivetime = @IAmAliveTime
        and coalesce(m.suspecttimes, '''') = coalesce(@SuspectTimes, '''')
');
