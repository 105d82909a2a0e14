using System.Security.Cryptography;
using Plume.Client.State;
using Plume.Federation.Learners;
using Plume.Federation.Participation;
using Plume.Federation.SecureRounds;

namespace Plume.Client.Rounds;

/// <summary>What came of a task.</summary>
/// <param name="Update">The update to send; null where there is none.</param>
/// <param name="Problem">Why there is none.</param>
/// <param name="Cause">The learner's error, for the client's own log.</param>
readonly record struct TrainingOutcome(KeptUpdate? Update, string? Problem, Exception? Cause);

/// <summary>Lets the learner do tasks. Nothing that it does wrong ends the client.</summary>
sealed class LocalTraining(ILearner learner, FederationTerms terms, ClientOptions options)
{
    /// <summary>Trains until it is done or the time is over.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="attempt">The round's attempt.</param>
    /// <param name="version">The version that it starts from.</param>
    /// <param name="memory">What earlier updates left behind; is not changed.</param>
    /// <param name="left">Time to the round's deadline.</param>
    /// <param name="secure">The secure sum that the update is for; null where it is sent by itself.</param>
    /// <param name="cancellation">Leaves.</param>
    public async Task<TrainingOutcome> RunAsync(LocalTask task, int attempt, int version, float[] memory, TimeSpan left,
        SecureRound? secure, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, options.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        float[] next = [.. memory];
        try
        {
            // Its memory is needed for moments of a round only; thousands of clients in one process would hold it all the time.
            var work = Task.Factory.StartNew(() => new Participant(learner, terms.Method, secure?.Uplink ?? terms.Uplink)
                .Run(task, next, stop.Token, secure is null ? null : SumOf(secure)),
                stop.Token, TaskCreationOptions.DenyChildAttach, options.Training);
            var update = await work.ConfigureAwait(false);
            return Judge(task, attempt, version, update);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new TrainingOutcome(null, $"The training was not done by the deadline of round {task.Round}.", null);
        }
        catch (Exception failure)
        {
            return new TrainingOutcome(null, $"The learner failed with {failure.GetType().Name}: {FirstLine(failure.Message)}",
                failure);
        }
    }

    // Noise that nobody can draw again, this client included: it is kept with the update alone.
    static SumTask SumOf(SecureRound secure) => new(secure.Shared, secure.Task.WeightOf)
    {
        WithNoise = (payload, _) => secure.WithNoise(payload, RandomNumberGenerator.GetBytes(32)),
    };

    // Torch puts the stack of its own code into its messages.
    static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();

    static TrainingOutcome Judge(LocalTask task, int attempt, int version, EncodedUpdate update)
    {
        if (update.Problem is { } problem)
            return new TrainingOutcome(null, problem, null);
        if (update.Outcome.Samples < 1)
            return new TrainingOutcome(null,
                $"An update must come of at least one sample, but the learner says {update.Outcome.Samples}.", null);
        return new TrainingOutcome(
            new KeptUpdate(task.Round, attempt, version, update.Outcome.Samples, update.Outcome.Loss, update.Payload,
                update.Memory), null, null);
    }
}
