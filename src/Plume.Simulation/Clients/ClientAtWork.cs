using Plume.Federation.Rounds;

namespace Plume.Simulation.Clients;

/// <summary>A virtual client's task, where rounds are buffered.</summary>
/// <param name="Part">The task.</param>
/// <param name="Version">The version that it works on.</param>
/// <param name="Downloaded">Bytes that led it there.</param>
/// <param name="Asked">When it was asked, in microseconds of the run's own time.</param>
readonly record struct Assignment(RoundPart Part, int Version, long Downloaded, long Asked);

/// <summary>A virtual client at work.</summary>
/// <param name="Task">What it was given.</param>
/// <param name="Received">What its version published.</param>
/// <param name="At">When it answers; of one that has not trained yet, the earliest that it can.</param>
/// <param name="Result">What came of its work; null before it has trained.</param>
sealed record ClientAtWork(Assignment Task, ReadOnlyMemory<float> Received, long At, ClientResult? Result = null)
{
    /// <summary>Which client.</summary>
    public int Client => Task.Part.Client;
}

/// <summary>Those at work as a checkpoint keeps them: who had trained already trains again.</summary>
/// <param name="Now">Microseconds of the run's own time.</param>
/// <param name="Tasks">Who is at work.</param>
/// <param name="Models">What the versions published that they work on.</param>
sealed record KeptWork(long Now, Assignment[] Tasks, IReadOnlyDictionary<int, float[]> Models)
{
    /// <summary>Of nobody.</summary>
    public static KeptWork None { get; } = new(0, [], new Dictionary<int, float[]>());
}
