using Grpc.Core;
using Microsoft.Extensions.Logging;
using Plume.Federation.Budgets;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Grains;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Rpc.Operating;

/// <summary>
/// What operators do, whether by a command or from the page: each writes into the log, and into that of the federations that it
/// concerns, who did it.
/// </summary>
sealed partial class OperatorActions(FederationFeeds feeds, FederationCatalog catalog, EnrolmentTokens tokens,
    ClientRegistry registry, FederationStatuses statuses, IdentityAudit audit, ILogger<OperatorActions> logger,
    Enrolments? enrolments = null)
{
    static readonly TimeSpan DefaultValidity = TimeSpan.FromDays(7), LongestNote = TimeSpan.FromSeconds(2);

    /// <summary>Whether anybody enrols here.</summary>
    public bool Enrols => enrolments is not null;

    /// <summary>Pauses, resumes or stops a federation.</summary>
    /// <exception cref="RpcException">There is no such federation, or it cannot go on.</exception>
    public async Task<FederationStatus> ControlAsync(string by, string federation, Control control)
    {
        var feed = feeds[federation];
        var overview = await feed.Grain.ControlAsync(control, by);
        LogControlled(logger, feed.Definition.Name, by, control);
        return await statuses.OfAsync(feed.Definition, overview);
    }

    /// <summary>Gives a federation more rounds.</summary>
    /// <param name="by">Who does.</param>
    /// <param name="federation">Which.</param>
    /// <param name="rounds">All of them, those that are done included.</param>
    /// <exception cref="RpcException">There is no such federation, or it cannot have so many.</exception>
    public async Task<FederationStatus> ExtendAsync(string by, string federation, uint rounds)
    {
        var feed = feeds[federation];
        if (await feed.Grain.ExtendAsync((int)Math.Min(rounds, int.MaxValue), by) is { } problem)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"The federation '{feed.Definition.Name}' cannot have {rounds} rounds. {problem}"));
        LogExtended(logger, feed.Definition.Name, by, rounds);
        return await statuses.OfAsync(feed.Definition, await feed.Grain.OverviewAsync(since: 0));
    }

    /// <summary>Makes a one-time invitation.</summary>
    /// <returns>Its token, which is kept nowhere.</returns>
    /// <exception cref="RpcException">Nobody enrols here, or the invitation breaks a rule.</exception>
    public async Task<string> InviteAsync(string by, InviteRequest request, CancellationToken cancellation)
    {
        RequireEnrolment();
        if (!ClientName.IsValid(request.Name))
            throw Invalid($"A name must be letters, digits, dots, dashes and underscores, at most 64, but is '{request.Name}'.");
        if (request.Federations.FirstOrDefault(name => catalog.Find(name) is null) is { } strange)
            throw Invalid($"There is no federation '{strange}' to invite to; this server hosts "
                + $"{string.Join(", ", catalog.All.Select(hosted => hosted.Name))}.");
        if (await registry.FindAsync(request.Name, cancellation) is { Revoked: false } entry
            && entry.Role.HasFlag(Roles.Admin) != request.Admin)
            throw Invalid($"'{request.Name}' is enrolled as {(request.Admin ? "a client" : "an operator")} already; choose "
                + $"another name, or revoke that one first.");
        var valid = request.ValidSeconds == 0 ? DefaultValidity
            : TimeSpan.FromSeconds(Math.Min(request.ValidSeconds, EnrolmentTokens.MaxValid.TotalSeconds));
        var role = request.Admin ? Roles.Admin : Roles.Client;
        try
        {
            string token = await tokens.IssueAsync(request.Name, role, [.. request.Federations], valid, cancellation);
            audit.Invited(by, request.Name, role, string.Join(", ", request.Federations));
            await NoteAsync(request.Federations, $"Operator {by} invited '{request.Name}'.");
            return token;
        }
        catch (ArgumentException refusal)
        {
            throw Invalid(refusal.Message);
        }
    }

    /// <summary>Refuses all further calls of a client or an operator.</summary>
    /// <exception cref="RpcException">Nobody enrols here, or nobody by that name, or it is the only operator.</exception>
    public async Task RevokeAsync(string by, string name, CancellationToken cancellation)
    {
        RequireEnrolment();
        var operators = (await registry.ListAsync(cancellation))
            .Where(entry => entry.Role.HasFlag(Roles.Admin) && !entry.Revoked).ToList();
        if (operators is [var only] && only.Name == name)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"'{name}' is the only operator; enrol another one first."));
        if (!await enrolments!.RevokeAsync(name, cancellation))
            throw new RpcException(new Status(StatusCode.NotFound, $"Nobody is enrolled as '{name}'."));
        audit.Revoked(by, name);
        await NoteAsync((await registry.FindAsync(name, cancellation))?.Federations ?? [], $"Operator {by} revoked '{name}'.");
    }

    /// <summary>Takes a client's place back.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="RpcException">The client has none, or it cannot be given back.</exception>
    public async Task<int> ReleaseAsync(string by, string federation, string name)
    {
        var feed = feeds[federation];
        if (feed.Definition.Plan.Privacy is not null)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"The federation '{federation}' promises privacy, and what a client has spent of its budget stays with "
                    + $"its place: no place can be given back. Invite the client to another federation."));
        if (feed.Definition.Plan.Budget is { Scope: not BudgetScope.Federation } budget)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"Clients of the federation '{federation}' have a budget of '{budget}', and what one has spent stays with its place: "
                    + "no place can be given back. Invite the client to another federation."));
        if (await feed.Grain.GiveBackAsync(name, by) is not { } number)
            throw new RpcException(new Status(StatusCode.NotFound,
                $"'{name}' has no place in the federation '{federation}'; plume places lists who has one."));
        LogReleased(logger, feed.Definition.Name, by, number, name);
        return number;
    }

    // In the logs of federations, which are only to be read: what was done is done without them.
    async Task NoteAsync(IEnumerable<string> federations, string sentence)
    {
        foreach (string federation in federations)
        {
            try
            {
                await feeds[federation].Grain.NoteAsync(sentence).WaitAsync(LongestNote);
            }
            catch (Exception away)
            {
                LogNotNoted(logger, federation, away.Message);
            }
        }
    }

    void RequireEnrolment()
    {
        if (enrolments is null)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                "This server has no TLS, so nobody enrols: clients of its own machine name themselves."));
    }

    static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation} could not be told what an operator did: {Problem}")]
    static partial void LogNotNoted(ILogger logger, string federation, string problem);

    [LoggerMessage(EventId = 111, Level = LogLevel.Information, Message = "{Federation}: operator {Operator} asked for: {Control}")]
    static partial void LogControlled(ILogger logger, string federation, string @operator, Control control);

    [LoggerMessage(EventId = 113, Level = LogLevel.Information,
        Message = "{Federation}: operator {Operator} gave it more rounds, {Rounds} all told")]
    static partial void LogExtended(ILogger logger, string federation, string @operator, uint rounds);

    [LoggerMessage(EventId = 112, Level = LogLevel.Information,
        Message = "{Federation}: operator {Operator} took place {Place} of {Name} back")]
    static partial void LogReleased(ILogger logger, string federation, string @operator, int place, string name);
}
