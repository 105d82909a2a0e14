using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Execution;
using Plume.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>The gradients of a TorchSharp module on samples in memory.</summary>
sealed class ModuleGradients : IGradientSource
{
    readonly nn.Module<Tensor, Tensor> module;
    readonly ModuleValues values;
    readonly Func<ReadOnlyMemory<int>, Func<Tensor, Tensor>, Tensor> lossOf;

    /// <param name="module">The module.</param>
    /// <param name="values">Its values.</param>
    /// <param name="lossOf">The mean loss of some samples, given what runs the module on them.</param>
    public ModuleGradients(nn.Module<Tensor, Tensor> module, ModuleValues values,
        Func<ReadOnlyMemory<int>, Func<Tensor, Tensor>, Tensor> lossOf)
    {
        (this.module, this.values, this.lossOf) = (module, values, lossOf);
        var (none, all) = (zeros(1), ones(1));
        Values = [.. values.Learned.Select(each =>
            new LearnedTensor(each.Parameter, all, each.Role == TensorRole.Weight ? all : none, () => each.Parameter.grad))];
    }

    /// <inheritdoc/>
    public string Name => module.GetName();

    /// <inheritdoc/>
    public IReadOnlyList<LearnedTensor> Values { get; }

    /// <inheritdoc/>
    public double Backward(ReadOnlyMemory<int> samples, double progress, RandomKey key)
    {
        using var scope = NewDisposeScope();
        module.zero_grad();
        var loss = lossOf(samples, module.call);
        loss.backward();
        return loss.ToSingle();
    }

    /// <inheritdoc/>
    public void Settle(IWeightConstraint? constraint, double progress)
    {
        if (constraint is null)
            return;
        var all = new float[values.Layout.Length];
        values.Get(all);
        constraint.Enforce(all, progress);
        values.Set(all);
    }
}
