using Grpc.Core;
using Plume.Pages.Actions;
using Plume.Protocol.V1;
using Plume.Server.Grains;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Rpc.Operating;

namespace Plume.Server.Boards;

/// <summary>What operators do from a server's page: what their commands do.</summary>
sealed class ServedActions(OperatorActions actions, SignInTokens tokens, ClientRegistry registry, IdentityOptions identity,
    IdentityAudit audit, string address) : IOperatorActions
{
    public string SignInCommand => identity.Insecure ? $"plume sign-in {address}"
        : $"plume sign-in {address} --root root.pem --identity admin";

    public bool Enrols => actions.Enrols;

    public async Task<Operator?> SignInAsync(string token, CancellationToken cancellation)
    {
        if (tokens.Take(token) is { } caller && new Operator(caller.Name, caller.KeyHash) is var who
            && await IsStillAsync(who, cancellation).ConfigureAwait(false))
        {
            audit.SignedIn(who.Name);
            return who;
        }

        audit.NotSignedIn();
        return null;
    }

    public async Task<bool> IsStillAsync(Operator who, CancellationToken cancellation) => identity.Insecure
        || (await registry.FindAsync(who.Name, cancellation).ConfigureAwait(false) is { Revoked: false } entry
            && entry.Role.HasFlag(Roles.Admin) && entry.KeyHashes.Contains(who.Key));

    public async Task<ActionOutcome> DoAsync(Operator who, OperatorAction action, CancellationToken cancellation)
    {
        try
        {
            return await TryAsync(who.Name, action, cancellation).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            return new ActionOutcome(IsDone: false, $"Nothing was done. {refusal.Status.Detail}");
        }
        catch (Exception trouble) when (trouble is IOException or TimeoutException or OrleansException)
        {
            return new ActionOutcome(IsDone: false,
                $"The server cannot say whether it was done: {trouble.Message} Look whether it was before you try again.");
        }
    }

    async Task<ActionOutcome> TryAsync(string by, OperatorAction action, CancellationToken cancellation)
    {
        string federation = action.Federations.Count > 0 ? action.Federations[0] : "", name = action.Name;
        switch (action.Kind)
        {
            case OperatorActionKind.Pause:
                await actions.ControlAsync(by, federation, Control.Pause).ConfigureAwait(false);
                return Done($"'{federation}' is paused: the round at hand goes on, and no other opens.");
            case OperatorActionKind.Resume:
                await actions.ControlAsync(by, federation, Control.Resume).ConfigureAwait(false);
                return Done($"'{federation}' goes on.");
            case OperatorActionKind.Stop:
                await actions.ControlAsync(by, federation, Control.Stop).ConfigureAwait(false);
                return Done($"'{federation}' is stopped for good; its newest model stays.");
            case OperatorActionKind.Release:
                int place = await actions.ReleaseAsync(by, federation, name).ConfigureAwait(false);
                return Done($"Place {place} of '{federation}' is free. If '{name}' calls again, it takes a place again; revoke "
                    + "it to keep it out.");
            case OperatorActionKind.Revoke:
                await actions.RevokeAsync(by, name, cancellation).ConfigureAwait(false);
                return Done($"'{name}' is refused from now on.");
            default:
                var invitation = new InviteRequest { Name = name, Federations = { action.Federations } };
                string token = await actions.InviteAsync(by, invitation, cancellation).ConfigureAwait(false);
                return Done($"'{name}' is invited to {string.Join(", ", action.Federations)}. This is the invitation:") with
                {
                    Secret = token,
                };
        }
    }

    static ActionOutcome Done(string sentence) => new(IsDone: true, sentence);
}
