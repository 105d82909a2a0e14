using Plume.Client.Calls;
using Plume.Client.Rounds;
using Plume.Client.State;
using Plume.Federation.Learners;

namespace Plume.Client;

/// <summary>Joins federations.</summary>
public static class FederatedClient
{
    /// <summary>
    /// Joins a federation and does its part of every round until the federation has ended, through failures of networks and
    /// servers.
    /// </summary>
    /// <param name="options">Which federation, and as whom.</param>
    /// <param name="learner">Trains on the client's data; its layout must be the federation's.</param>
    /// <param name="cancellation">Leaves; a later call with the same folder goes on where this one was.</param>
    /// <exception cref="FederationException">The client cannot take part, and trying again would not change it.</exception>
    /// <exception cref="OperationCanceledException">It left.</exception>
    public static Task<JoinResult> JoinAsync(ClientOptions options, ILearner learner, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(learner);
        return JoinAsync(options, _ => learner, cancellation);
    }

    /// <summary>
    /// The same with a learner that is made from the federation's terms; made again if the server begins another run under the
    /// name.
    /// </summary>
    /// <param name="options">Which federation, and as whom.</param>
    /// <param name="makeLearner">Makes what trains on the client's data.</param>
    /// <param name="cancellation">Leaves; a later call with the same folder goes on where this one was.</param>
    /// <exception cref="FederationException">The client cannot take part, and trying again would not change it.</exception>
    /// <exception cref="OperationCanceledException">It left.</exception>
    public static async Task<JoinResult> JoinAsync(ClientOptions options, Func<FederationTerms, ILearner> makeLearner,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(makeLearner);
        options.Check();
        using var folder = new ClientFolder(options);
        using var connection = new ServerConnection(options);
        return await new Membership(options, makeLearner, connection, folder).StayAsync(cancellation).ConfigureAwait(false);
    }
}
