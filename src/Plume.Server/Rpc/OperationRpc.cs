using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Grains;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Rpc;

/// <summary>plume.v1.Operation: what an operator does.</summary>
sealed class OperationRpc(FederationFeeds feeds, FederationCatalog catalog, DownloadSender downloads, EnrolmentTokens tokens,
    ClientRegistry registry, FederationStatuses statuses, TimeProvider time, IHostApplicationLifetime lifetime,
    Enrolments? enrolments = null) : Operation.OperationBase
{
    // No client's number: operators share a budget of transfers.
    const int Operator = -1;

    static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan DefaultValidity = TimeSpan.FromDays(7);

    public override async Task<FederationStatus> Status(StatusRequest request, ServerCallContext context)
    {
        var feed = feeds[request.Federation];
        return await statuses.OfAsync(feed.Definition, await feed.Grain.OverviewAsync((int)request.SinceRound));
    }

    public override async Task Watch(StatusRequest request, IServerStreamWriter<FederationStatus> responseStream,
        ServerCallContext context)
    {
        var feed = feeds[request.Federation];
        FederationOverview? last = null;
        int since = (int)request.SinceRound;
        using var timer = new PeriodicTimer(WatchInterval, time);
        do
        {
            // Who says what it has heard of is told only what is new, message by message.
            var overview = await feed.Grain.OverviewAsync(request.HasSinceRound ? since : 0);
            if (last is not null && overview.Now.Sequence == last.Now.Sequence
                && (overview.Added, overview.Members, overview.UplinkBytes, overview.DownlinkBytes)
                    == (last.Added, last.Members, last.UplinkBytes, last.DownlinkBytes))
                continue;
            since = overview.History.Count > 0 ? overview.History[^1].Round : since;
            await responseStream.WriteAsync(await statuses.OfAsync(feed.Definition, last = overview), context.CancellationToken);
            if (overview.Now.HasEnded)
                return;
        }
        while (await NextTickAsync(timer, context.CancellationToken));
    }

    // A server that stops does not wait for those who watch it.
    async ValueTask<bool> NextTickAsync(PeriodicTimer timer, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            return await timer.WaitForNextTickAsync(ended.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The server stops; ask again in a while."));
        }
    }

    public override Task<FederationStatus> Pause(ControlRequest request, ServerCallContext context) =>
        ControlAsync(request, Control.Pause);

    public override Task<FederationStatus> Resume(ControlRequest request, ServerCallContext context) =>
        ControlAsync(request, Control.Resume);

    public override Task<FederationStatus> Stop(ControlRequest request, ServerCallContext context) =>
        ControlAsync(request, Control.Stop);

    public override Task Download(DownloadRequest request, IServerStreamWriter<DownloadReply> responseStream,
        ServerCallContext context) =>
        downloads.SendAsync(feeds[request.Federation], Operator, request, responseStream, context.CancellationToken,
            isOperator: true);

    public override async Task<InviteReply> Invite(InviteRequest request, ServerCallContext context)
    {
        RequireEnrolment();
        if (!ClientName.IsValid(request.Name))
            throw Invalid($"A name must be letters, digits, dots, dashes and underscores, at most 64, but is '{request.Name}'.");
        if (request.Federations.FirstOrDefault(name => catalog.Find(name) is null) is { } strange)
            throw Invalid($"There is no federation '{strange}' to invite to; this server hosts "
                + $"{string.Join(", ", catalog.All.Select(hosted => hosted.Name))}.");
        if (await registry.FindAsync(request.Name, context.CancellationToken) is { Revoked: false } entry
            && entry.Role.HasFlag(Roles.Admin) != request.Admin)
            throw Invalid($"'{request.Name}' is enrolled as {(request.Admin ? "a client" : "an operator")} already; choose "
                + $"another name, or revoke that one first.");
        var valid = request.ValidSeconds == 0 ? DefaultValidity
            : TimeSpan.FromSeconds(Math.Min(request.ValidSeconds, EnrolmentTokens.MaxValid.TotalSeconds));
        try
        {
            return new InviteReply
            {
                Token = await tokens.IssueAsync(request.Name, request.Admin ? Roles.Admin
                    : Roles.Client, [.. request.Federations], valid, context.CancellationToken),
            };
        }
        catch (ArgumentException refusal)
        {
            throw Invalid(refusal.Message);
        }
    }

    public override async Task<RevokeReply> Revoke(RevokeRequest request, ServerCallContext context)
    {
        RequireEnrolment();
        var operators = (await registry.ListAsync(context.CancellationToken))
            .Where(entry => entry.Role.HasFlag(Roles.Admin) && !entry.Revoked).ToList();
        if (operators is [var only] && only.Name == request.Name)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"'{request.Name}' is the only operator; enrol another one first."));
        if (!await enrolments!.RevokeAsync(request.Name, context.CancellationToken))
            throw new RpcException(new Status(StatusCode.NotFound, $"Nobody is enrolled as '{request.Name}'."));
        return new RevokeReply();
    }

    public override async Task<ClientsReply> Clients(ClientsRequest request, ServerCallContext context) => new()
    {
        Clients =
        {
            (await registry.ListAsync(context.CancellationToken)).Select(entry => new EnrolledClient
            {
                Name = entry.Name,
                Admin = entry.Role.HasFlag(Roles.Admin),
                Revoked = entry.Revoked,
                Federations = { entry.Federations },
                ExpiresUnixSeconds = entry.Expires.ToUnixTimeSeconds(),
            }),
        },
    };

    public override async Task<PlacesReply> Places(PlacesRequest request, ServerCallContext context)
    {
        var feed = feeds[request.Federation];
        return new PlacesReply
        {
            All = (uint)feed.Definition.Plan.Clients,
            Places = { (await feed.Grain.PlacesAsync())
                .Select(place => new Protocol.V1.PlaceHolder { Number = (uint)place.Number, Name = place.Name,
                    There = place.IsThere, Missed = (uint)place.Missed }) },
        };
    }

    public override async Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context) =>
        feeds[request.Federation].Definition.Plan.Privacy is not null
        ? throw new RpcException(
            new Status(StatusCode.FailedPrecondition,
                $"The federation '{request.Federation}' promises privacy, and what a client has spent of its budget stays with "
                    + $"its place: no place can be given back. Invite the client to another federation."))
        : await feeds[request.Federation].Grain.GiveBackAsync(request.Name) is { } number
            ? new ReleaseReply { Number = (uint)number }
            : throw new RpcException(
                new Status(StatusCode.NotFound,
                    $"'{request.Name}' has no place in the federation '{request.Federation}'; plume places lists who has one."));

    void RequireEnrolment()
    {
        if (enrolments is null)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                "This server has no TLS, so nobody enrols: clients of its own machine name themselves."));
    }

    async Task<FederationStatus> ControlAsync(ControlRequest request, Control control)
    {
        var feed = feeds[request.Federation];
        return await statuses.OfAsync(feed.Definition, await feed.Grain.ControlAsync(control));
    }

    static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
