using System.Globalization;
using Plume.Compression.Weights;

namespace Plume.Federation.ServerOptimizers;

/// <summary>How the mean of a round's updates becomes the next model.</summary>
public abstract record ServerOptimizer
{
    private protected ServerOptimizer()
    {
    }

    /// <summary>Its name and numbers, as they stand in fingerprints.</summary>
    public abstract string Notation { get; }

    /// <summary>Floats of memory a value, which the caller owns and keeps from round to round; zeros at first.</summary>
    public abstract int MemoryPerValue { get; }

    /// <summary>
    /// Moves the model. Running statistics take the plain mean: they are measured, not optimized. So do a quantization's steps,
    /// but at most to half or to twice what they are, so that nobody's update makes one vanish.
    /// </summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="model">The values, changed in place.</param>
    /// <param name="mean">The weighted mean of the updates.</param>
    /// <param name="memory"><see cref="MemoryPerValue"/> times the layout's length.</param>
    public void Apply(ModelLayout layout, Span<float> model, ReadOnlySpan<float> mean, Span<float> memory)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (model.Length != layout.Length || mean.Length != layout.Length || memory.Length != MemoryPerValue * layout.Length)
            throw new ArgumentException(
                $"The layout has {layout.Length} values and the optimizer remembers {MemoryPerValue} for each, but model, mean "
                    + $"and memory have {model.Length}, {mean.Length} and {memory.Length}.");
        foreach (var tensor in layout.Tensors)
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
            {
                model[i] = tensor.Role switch
                {
                    TensorRole.Statistic => model[i] + mean[i],
                    TensorRole.Step => Math.Clamp(model[i] + mean[i], model[i] / 2, model[i] * 2),
                    _ => model[i] + Change(mean[i], memory.Slice(i * MemoryPerValue, MemoryPerValue)),
                };
            }
        }
    }

    /// <summary>What is added to one value, and what is remembered of it.</summary>
    private protected abstract float Change(float mean, Span<float> memory);

    private protected static string Text(string name, params ReadOnlySpan<double> numbers) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{name}({string.Join(", ", numbers.ToArray().Select(number => number.ToString("R", CultureInfo.InvariantCulture)))})");

    private protected static double Positive(double value, string name) => double.IsFinite(value) && value > 0
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "It must be above 0 and finite.");

    private protected static double Decay(double value, string name) => value >= 0 && value < 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "It must be from 0 to below 1.");
}
