namespace Plume.Pages.Actions;

/// <summary>Actions in words.</summary>
static class ActionWords
{
    /// <summary>Whether nobody can take it back, so that it is asked about first.</summary>
    public static bool IsForGood(OperatorActionKind kind) =>
        kind is OperatorActionKind.Stop or OperatorActionKind.Release or OperatorActionKind.Revoke;

    /// <summary>Whether it is done to somebody.</summary>
    public static bool HasName(OperatorActionKind kind) =>
        kind is OperatorActionKind.Invite or OperatorActionKind.Release or OperatorActionKind.Revoke;

    /// <summary>As it stands in a form.</summary>
    public static string Of(OperatorActionKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>What a form asks for; null for nothing that there is.</summary>
    public static OperatorActionKind? Read(string? text) => Enum.GetValues<OperatorActionKind>()
        .Cast<OperatorActionKind?>().FirstOrDefault(kind => Of(kind!.Value) == text);

    /// <summary>What is asked before it is done.</summary>
    public static string Question(OperatorActionKind kind, string federation, string name) => kind switch
    {
        OperatorActionKind.Stop => $"Stop '{federation}' for good?",
        OperatorActionKind.Release => $"Take the place of '{name}' in '{federation}' back?",
        OperatorActionKind.Revoke => $"Refuse '{name}' from now on?",
        _ => $"{kind} '{federation}'?",
    };

    /// <summary>What comes of it.</summary>
    public static string Consequence(OperatorActionKind kind) => kind switch
    {
        OperatorActionKind.Stop => "The round at hand is given up and no other opens. The newest model stays. It cannot be begun again.",
        OperatorActionKind.Release => "The place is free for whoever comes next, and the client's figures begin anew. If the client calls again, "
            + "it takes a place again: revoke it to keep it out.",
        OperatorActionKind.Revoke => "Its certificate is void and its invitations are taken back, in all federations of this server. Only a new "
            + "invitation lets it in again.",
        _ => "",
    };

    /// <summary>The button that does it.</summary>
    public static string Button(OperatorActionKind kind) => kind switch
    {
        OperatorActionKind.Stop => "Stop it for good",
        OperatorActionKind.Release => "Take the place back",
        OperatorActionKind.Revoke => "Revoke",
        _ => kind.ToString(),
    };
}
