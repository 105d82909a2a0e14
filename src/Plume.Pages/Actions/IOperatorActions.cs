namespace Plume.Pages.Actions;

/// <summary>What operators can do from a page, by whatever does the same for their commands.</summary>
public interface IOperatorActions
{
    /// <summary>The command that gives an operator a token to sign in with.</summary>
    string SignInCommand { get; }

    /// <summary>Whether clients are invited and revoked here; not where they name themselves.</summary>
    bool Enrols { get; }

    /// <summary>Who a token signs in; it is good once.</summary>
    /// <param name="token">As it was typed.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Null where the token is not good, or not any more.</returns>
    Task<Operator?> SignInAsync(string token, CancellationToken cancellation);

    /// <summary>Whether somebody who signed in is an operator still.</summary>
    /// <param name="who">As they signed in.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task<bool> IsStillAsync(Operator who, CancellationToken cancellation);

    /// <summary>Does it, and writes into the log who did.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="action">What.</param>
    /// <param name="cancellation">Stops waiting; the action may be done.</param>
    Task<ActionOutcome> DoAsync(Operator who, OperatorAction action, CancellationToken cancellation);
}

/// <summary>Somebody who signed in.</summary>
/// <param name="Name">Their name.</param>
/// <param name="Key">Names the key that they had then; null where nobody has one.</param>
public sealed record Operator(string Name, string? Key);

/// <summary>What became of an action.</summary>
/// <param name="IsDone">Whether it was done.</param>
/// <param name="Sentence">What is otherwise by now, or why nothing is.</param>
public sealed record ActionOutcome(bool IsDone, string Sentence)
{
    /// <summary>What is shown once and to nobody else, such as an invitation; empty for nothing.</summary>
    public string Secret { get; init; } = "";
}
