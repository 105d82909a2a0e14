using Plume.Compression.Randomness;

namespace Plume.Simulation.Attacks;

/// <summary>
/// What hostile clients of a simulation send. They know all honest updates of the round, which is more than any would, and act as
/// one: a rule that withstands this withstands what clients can do.
/// </summary>
public abstract record Attack
{
    /// <summary>Whether they train honestly, on labels that are not true.</summary>
    public virtual bool FlipsLabels => false;

    /// <summary>Writes the update of a hostile client.</summary>
    /// <param name="honest">The honest updates of the round.</param>
    /// <param name="client">The hostile client's number.</param>
    /// <param name="key">Where its draws come from.</param>
    /// <param name="update">As long as the model.</param>
    internal abstract void Craft(HonestUpdates honest, int client, RandomKey key, Span<float> update);

    /// <summary>The attack in its notation.</summary>
    public abstract override string ToString();
}
