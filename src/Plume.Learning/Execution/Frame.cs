using Plume.Compression.Randomness;
using static TorchSharp.torch;

namespace Plume.Learning.Execution;

/// <summary>The values of one run through a graph.</summary>
sealed class Frame(int slots)
{
    /// <summary>One tensor for each value of the graph, filled as nodes run.</summary>
    public Tensor[] Slots { get; } = new Tensor[slots];

    /// <summary>Whether normalizations measure and dropout drops.</summary>
    public bool Training { get; set; }

    /// <summary>Where dropout draws from in this step.</summary>
    public RandomKey Key { get; set; }
}

/// <summary>One compiled node: reads its slots and writes its own.</summary>
delegate void Step(Frame frame);
