using System.Runtime.InteropServices;
using Plume.Compression.Weights;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Plume.Learning.Execution;

/// <summary>
/// A module's parameters in the order of its names, and after them its running statistics, as one array of floats.
/// </summary>
sealed class ModuleValues
{
    readonly Tensor[] values;

    /// <exception cref="ArgumentException">A value is not of 32-bit floats on the CPU, or there is none that is
    /// learned.</exception>
    public ModuleValues(nn.Module module)
    {
        var named = Parameters(module).Concat(Statistics(module)).ToList();
        Layout = ModelLayout.Of(
            named.Select(each => (each.Name, each.Values.shape.Select(length => (int)length).ToArray(), each.Role)));
        values = [.. named.Select(each => each.Values)];
        Learned = [.. named.Where(each => each.Values is Parameter).Select(each => ((Parameter)each.Values, each.Role))];
        if (Learned.Count == 0)
            throw new ArgumentException($"The module '{module.GetName()}' has no parameters, so there is nothing to learn.",
                nameof(module));
    }

    public ModelLayout Layout { get; }

    /// <summary>What an optimizer changes.</summary>
    public IReadOnlyList<(Parameter Parameter, TensorRole Role)> Learned { get; }

    public void Set(ReadOnlySpan<float> source)
    {
        foreach (var (spec, target) in Layout.Tensors.Zip(values))
            MemoryMarshal.AsBytes(source.Slice(spec.Offset, spec.Length)).CopyTo(target.bytes);
    }

    public void Get(Span<float> target)
    {
        foreach (var (spec, source) in Layout.Tensors.Zip(values))
            source.bytes.CopyTo(MemoryMarshal.AsBytes(target.Slice(spec.Offset, spec.Length)));
    }

    static IEnumerable<(string Name, Tensor Values, TensorRole Role)> Parameters(nn.Module module)
    {
        var normalizations = module.named_modules()
            .Where(each => each.module.GetType().Name.Contains("Norm", StringComparison.Ordinal)).Select(each => each.name)
                .ToHashSet(StringComparer.Ordinal);
        foreach (var (name, parameter) in module.named_parameters())
        {
            var role = normalizations.Contains(name[..Math.Max(0, name.LastIndexOf('.'))]) ? TensorRole.Normalization
                : parameter.dim() < 2 ? TensorRole.Bias : TensorRole.Weight;
            yield return (name, Checked(name, parameter), role);
        }
    }

    // Counters of batches are no floats, and are of no use elsewhere.
    static IEnumerable<(string Name, Tensor Values, TensorRole Role)> Statistics(nn.Module module) => module.named_buffers()
        .Where(each => each.buffer.is_floating_point())
        .Select(each => (each.name, Checked(each.name, each.buffer), TensorRole.Statistic));

    static Tensor Checked(string name, Tensor values) =>
        values.dtype == ScalarType.Float32 && values.device_type == DeviceType.CPU && values.is_contiguous()
        ? values
        : throw new ArgumentException(
            $"A module's values must be contiguous 32-bit floats on the CPU, but '{name}' has {values.dtype} on "
                + $"{values.device_type}.", nameof(values));
}
