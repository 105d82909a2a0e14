using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning.Shipping;

/// <summary>One thing that is made of a model before it ships: a value with a notation.</summary>
public abstract record ShipStep
{
    /// <summary>Where the public samples that it learns from come from; null where it says nothing of them.</summary>
    public virtual string? Public => null;

    /// <summary>Whether it learns from samples.</summary>
    internal virtual bool Learns => false;

    /// <summary>Steps of a lower rank stand before those of a higher.</summary>
    internal abstract int Rank { get; }

    /// <summary>The same with public samples in another place.</summary>
    internal virtual ShipStep WithPublic(string source) => this;

    /// <summary>Does it.</summary>
    /// <param name="draft">What the steps before left.</param>
    /// <param name="original">The model as it was trained.</param>
    /// <param name="work">What the steps work with.</param>
    internal abstract ShippedDraft Apply(ShippedDraft draft, ModelGraph original, ShippingWork work);
}

/// <summary>What a model is on its way to ship.</summary>
/// <param name="Graph">The model.</param>
/// <param name="Constraint">What its weights must keep to while they are trained; null for nothing.</param>
sealed record ShippedDraft(ModelGraph Graph, IWeightConstraint? Constraint);

/// <summary>What the steps of a line work with.</summary>
/// <param name="Calibration">Samples to see on how far activations reach; their labels are not looked at.</param>
/// <param name="Public">Samples to learn from, by what the model says of them, never by labels; null where there are
/// none.</param>
/// <param name="Key">Where all draws come from.</param>
public sealed record ShippingWork(LabeledSet Calibration, LabeledSet? Public, RandomKey Key)
{
    /// <summary>Threads to train with; the result does not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Told what could not be done as it was asked for.</summary>
    public Action<string> Note { get; init; } = _ => { };

    /// <summary>Whether nothing is trained: to find out what does not fit.</summary>
    internal bool IsRehearsal { get; init; }

    /// <summary>Stops the work.</summary>
    public CancellationToken Cancellation { get; init; }
}
