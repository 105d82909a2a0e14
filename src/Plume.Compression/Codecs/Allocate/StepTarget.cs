namespace Plume.Compression.Codecs.Allocate;

/// <summary>What the step of all tensors is searched for: the most that a payload may cost or lose.</summary>
readonly record struct StepTarget(BudgetUnit Unit, double Amount)
{
    /// <summary>Codes of steps, 128 to an octave, from one that is tried to the next.</summary>
    public int Resolution { get; init; } = 1;

    /// <summary>Bytes that a payload may have, where the limit is one of size.</summary>
    public double BytesFor(int values) => Unit == BudgetUnit.Bytes ? Amount : Amount * values / 8;
}
