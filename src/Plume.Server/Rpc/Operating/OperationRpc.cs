using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Protocol.V1;
using Plume.Server.Federations.News;
using Plume.Server.Grains;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Rpc.Operating;

/// <summary>plume.v1.Operation: what an operator does.</summary>
sealed class OperationRpc(FederationFeeds feeds, OperatorActions actions, SignInTokens signIns, DownloadSender downloads,
    ClientRegistry registry, FederationStatuses statuses, TimeProvider time, IHostApplicationLifetime lifetime)
    : Operation.OperationBase
{
    // No client's number: operators share a budget of transfers.
    const int Operator = -1;

    static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

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
        actions.ControlAsync(context.GetCaller().Name, request.Federation, Control.Pause);

    public override Task<FederationStatus> Resume(ControlRequest request, ServerCallContext context) =>
        actions.ControlAsync(context.GetCaller().Name, request.Federation, Control.Resume);

    public override Task<FederationStatus> Stop(ControlRequest request, ServerCallContext context) =>
        actions.ControlAsync(context.GetCaller().Name, request.Federation, Control.Stop);

    public override Task<FederationStatus> Extend(ExtendRequest request, ServerCallContext context) =>
        actions.ExtendAsync(context.GetCaller().Name, request.Federation, request.Rounds);

    public override Task Download(DownloadRequest request, IServerStreamWriter<DownloadReply> responseStream,
        ServerCallContext context) =>
        downloads.SendAsync(feeds[request.Federation], Operator, request, responseStream, context.CancellationToken,
            isOperator: true);

    public override async Task<InviteReply> Invite(InviteRequest request, ServerCallContext context) => new()
    {
        Token = await actions.InviteAsync(context.GetCaller().Name, request, context.CancellationToken),
    };

    public override async Task<RevokeReply> Revoke(RevokeRequest request, ServerCallContext context)
    {
        await actions.RevokeAsync(context.GetCaller().Name, request.Name, context.CancellationToken);
        return new RevokeReply();
    }

    public override Task<SignInReply> SignIn(SignInRequest request, ServerCallContext context)
    {
        if (!signIns.HasPage)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                "This server shows no page to sign in to: it was started with --page none."));
        return Task.FromResult(new SignInReply
        {
            Token = signIns.Issue(context.GetCaller()) ?? throw new RpcException(new Status(StatusCode.ResourceExhausted,
                "So many have a token to sign in with and do not use it that there are no more. Wait five minutes.")),
            ValidSeconds = (ulong)SignInTokens.Valid.TotalSeconds,
        });
    }

    public override async Task<ClientsReply> Clients(ClientsRequest request, ServerCallContext context)
    {
        var reply = new ClientsReply
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
        foreach (var feed in feeds.All.Where(feed => feed.Refusal is null))
            reply.Figures.AddRange(await feed.FiguresAsync(context.CancellationToken));
        return reply;
    }

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

    public override async Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context) => new()
    {
        Number = (uint)await actions.ReleaseAsync(context.GetCaller().Name, request.Federation, request.Name),
    };
}
