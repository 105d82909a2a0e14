using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Federation.Books;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Grains;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Rpc;

/// <summary>plume.v1.Operation: what an operator does.</summary>
sealed class OperationRpc(FederationFeeds feeds, FederationCatalog catalog, DownloadSender downloads, EnrolmentTokens tokens,
    ClientRegistry registry, TimeProvider time, IHostApplicationLifetime lifetime, Enrolments? enrolments = null,
    CertificateWatch? certificates = null) : Operation.OperationBase
{
    // No client's number: operators share a budget of transfers.
    const int Operator = -1;

    const int MembersTold = 10;

    static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan DefaultValidity = TimeSpan.FromDays(7);

    public override async Task<FederationStatus> Status(StatusRequest request, ServerCallContext context)
    {
        var feed = feeds[request.Federation];
        return await StatusOfAsync(feed.Definition, await feed.Grain.OverviewAsync((int)request.SinceRound));
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
            await responseStream.WriteAsync(await StatusOfAsync(feed.Definition, last = overview), context.CancellationToken);
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
        return await StatusOfAsync(feed.Definition, await feed.Grain.ControlAsync(control));
    }

    async Task<FederationStatus> StatusOfAsync(FederationDefinition definition, FederationOverview overview)
    {
        var now = overview.Now;
        var status = new FederationStatus
        {
            Federation = definition.Name,
            Phase = now.Phase.ToString(),
            Paused = now.IsPaused,
            Round = (uint)now.Round,
            Attempt = (uint)now.Attempt,
            Rounds = (uint)overview.Rounds,
            ModelVersion = (uint)now.ModelVersion,
            Members = (uint)overview.Members,
            Needed = (uint)definition.Plan.NeededFor(now.Round, now.Attempt),
            Asked = (uint)(definition.Plan.Buffered?.Updates ?? now.Participants.Length),
            Added = (uint)overview.Added,
            LeftMs = (ulong)Math.Max(0, now.Left.TotalMilliseconds),
            UplinkBytes = (ulong)overview.UplinkBytes,
            DownlinkBytes = (ulong)overview.DownlinkBytes,
            Message = now.Message,
            Method = definition.Plan.Method.ToString(),
            Rhythm = definition.Plan.Buffered?.ToString() ?? "",
            AtWork = { overview.AtWork
                .Select(member => new ClientAtWork { Name = member.Name, Version = (uint)member.Version }) },
            Privacy = definition.Plan.Privacy?.Sentence(overview.MostParticipations) ?? "",
        };
        if (certificates is not null)
            status.Warnings.AddRange(await certificates.WarningsAsync(CancellationToken.None));
        status.Warnings.AddRange(overview.AskedLess.Take(MembersTold).Select(SentenceOf));
        if (overview.AskedLess.Count > MembersTold)
            status.Warnings.Add($"So did {overview.AskedLess.Count - MembersTold} others.");
        status.History.AddRange(overview.History.Select(FiguresOf));
        return status;
    }

    static string SentenceOf(AbsentMember member)
    {
        string rest = member.Rest switch
        {
            0 => "",
            1 => ": one round goes by without it",
            var rounds =>
            $": {rounds} rounds go by without it"
        };
        return member.Missed switch
        {
            0 => $"'{member.Name}' has a place whose last holder let deadlines pass, and is asked less{rest}",
            1 => $"'{member.Name}' let a deadline pass and is asked less{rest}",
            var missed => $"'{member.Name}' let {missed} deadlines in a row pass and is asked less{rest}",
        } + ".";
    }

    static RoundFigures FiguresOf(RoundMetrics round)
    {
        var figures = new RoundFigures
        {
            Round = (uint)round.Round,
            TrainingLoss = round.TrainingLoss,
            UplinkBytes = (ulong)round.UplinkBytes,
            DownlinkBytes = (ulong)round.DownlinkBytes,
            Seconds = round.Seconds,
            Accepted = (uint)round.Accepted,
            Refused = { round.Refused },
            Norm = round.Norm,
            Bounded = { round.Bounded ?? [] },
        };
        if (round.Accuracy is { } accuracy)
            figures.Accuracy = accuracy;
        if (round.Loss is { } loss)
            figures.Loss = loss;
        if (round.Staleness is { } staleness)
            figures.Staleness = staleness;
        if (round.MostStale is { } mostStale)
            figures.MostStale = (uint)mostStale;
        if (round.Epsilon is { } epsilon)
            figures.Epsilon = epsilon;
        return figures;
    }

    static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
