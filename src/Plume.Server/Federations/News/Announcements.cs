using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Secure;
using Plume.Server.Federations.Writing;

namespace Plume.Server.Federations.News;

/// <summary>What answers clients, and lets those know that wait for something new.</summary>
sealed class Announcements(string federation, TimeProvider time) : IFollower
{
    // Snapshots of a new owner come after all of those before it.
    const int EpochShift = 32;

    const string StoppedByOperator = "An operator stopped the federation.";

    int givenBack;
    volatile FederationSnapshot latest = null!;
    volatile TaskCompletionSource changed = NewSignal();
    volatile bool isLeaving;

    /// <summary>The newest.</summary>
    public FederationSnapshot Latest => latest;

    /// <summary>
    /// The newest with the time that is left of the round; not when it ends: whoever hears it has another clock.
    /// </summary>
    public FederationSnapshot Now => latest with { Left = latest.Deadline - time.GetUtcNow() };

    /// <summary>Why the federation ended, where it did.</summary>
    public string Message { get; set; } = "";

    /// <summary>Why there is no further round though not all are done; null where there is one, or where all are.</summary>
    public Func<string?> WhyEnded { get; init; } = () => null;

    /// <summary>Waits until there is one after this, or the time is over.</summary>
    /// <exception cref="OperationCanceledException">This owner is about to leave; the next one answers.</exception>
    public async Task<FederationSnapshot> WaitAsync(long sequence, TimeSpan longest, CancellationToken cancellation)
    {
        var signal = changed.Task;
        if (latest.Sequence <= sequence && !isLeaving)
            await Task.WhenAny(signal, Task.Delay(longest, time, cancellation)).ConfigureAwait(false);
        return isLeaving ? throw new OperationCanceledException($"This server leaves the federation '{federation}'.") : Now;
    }

    /// <summary>Lets all go that wait: this owner is about to leave, and nobody can follow it while they wait.</summary>
    public void LetGo()
    {
        isLeaving = true;
        End();
    }

    /// <summary>Lets all go that wait.</summary>
    public void End() => changed.TrySetResult();

    /// <summary>Announces how things stand, if there is something new.</summary>
    /// <param name="epoch">The owner's.</param>
    /// <param name="state">Of the rules.</param>
    /// <param name="version">The newest.</param>
    /// <param name="vacated">Who is asked in the round and has its place no longer.</param>
    /// <param name="placesGivenBack">How many places were given back so far: with one more, who has which is to be asked
    /// again.</param>
    /// <param name="sum">How the secure sum of the round stands; null where there is none.</param>
    public void Announce(long epoch, FederationState state, int version, IEnumerable<int> vacated, int placesGivenBack,
        SumStanding? sum = null)
    {
        bool isVacated = placesGivenBack != givenBack;
        givenBack = placesGivenBack;
        var (round, attempt) = (state.Current.Round, state.Current.Attempt);
        var tasks = TasksIn(state);
        if (!isVacated && latest is { } at && at.Phase == state.Phase && at.IsPaused == state.IsPaused && at.Round == round
            && at.Attempt == attempt && at.Sum == sum && (at.Tasks ?? []).SequenceEqual(tasks ?? []))
            return;
        long sequence = latest?.Sequence + 1 ?? epoch << EpochShift;
        latest = new FederationSnapshot(sequence, state.Phase, state.IsPaused, round, attempt, version, state.Current.Deadline,
            [.. state.Current.Participants.Except(vacated)], Message)
        {
            Tasks = tasks,
            UsualNorm = state.Current.UsualNorm,
            Spread = state.Current.Spread,
            Pressure = state.Current.Pressure,
            Limits = LimitsIn(state),
            PlacesSince = isVacated ? sequence : latest?.PlacesSince ?? sequence,
            Sum = sum,
        };
        var before = changed;
        changed = NewSignal();
        before.TrySetResult();
    }

    /// <summary>Goes on from a state that was kept.</summary>
    public void Restore(FederationState state) => Message = state.Phase == Phase.Stopped ? StoppedByOperator : WhyEnded() ?? "";

    /// <inheritdoc/>
    public void Follow(LedgerEvent? happened, BooksEntry entry)
    {
        if (happened is WasStopped)
            Message = StoppedByOperator;
        else if (happened is WasExtended && !entry.After.HasEnded)
            Message = "";
        foreach (var command in entry.Commands)
        {
            if (command is Abandon abandon)
                Message = abandon.Message;
            else if (command is Finish && WhyEnded() is { } why)
                Message = why;
        }
    }

    // A task that nobody has any more is settled with the place that was given back.
    static PublishedTask[]? TasksIn(FederationState state) => state.Tasks.IsEmpty ? null
        : [.. state.Tasks.Values.Where(task => state.Standings[task.Part.Client] == Standing.Asked)
            .Select(task => new PublishedTask(task.Part.Client, task.Part.Round, task.Part.Attempt, task.Deadline))];

    // Where there is a budget there are accounts as soon as anybody was asked.
    static PublishedLimit[]? LimitsIn(FederationState state) => state.Spending.Accounts.IsEmpty ? null
        : [.. state.Spending.Accounts.Where(entry => entry.Value.Asked is not null)
            .Select(entry => new PublishedLimit(entry.Key, entry.Value.Asked!.Download, entry.Value.Asked.Upload))];

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
