using Plume.Learning.Execution.Operators.Spatial;
using Plume.Models.Graph.Operators;

namespace Plume.Learning.Execution.Operators;

/// <summary>From a node to what runs it.</summary>
delegate Step Compile(NodeCompiler node);

/// <summary>What runs each operator, by the name that it has in <see cref="Catalogue"/>.</summary>
static class Compilers
{
    public static IReadOnlyDictionary<string, Compile> ByOperator { get; } = ((IEnumerable<(string Name, Compile Compile)>)
    [
        .. Convolution.All, .. Products.All, .. Pooling.All, .. Normalization.All, .. Elementwise.All, .. Activations.All,
        .. Comparisons.All,
        .. Arrangement.All, .. Selection.All, .. Reductions.All, .. Resizing.All, .. Numbers.All, .. Quantization.All,
    ]).ToDictionary(entry => entry.Name, entry => entry.Compile, StringComparer.Ordinal);
}
