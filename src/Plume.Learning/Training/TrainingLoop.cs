using Plume.Compression.Randomness;
using Plume.Learning.Native;
using Plume.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>
/// The one loop that all training goes through: in one place, on a client of a federation, of a graph and of a module. Each epoch
/// takes the samples in an order of its own; each step clips the gradient, adds the penalties, lets the optimizer move, and puts
/// the values back to where they must be.
/// </summary>
sealed class TrainingLoop(IGradientSource source, LoopSettings settings)
{
    /// <summary>Trains from the values that the source has.</summary>
    /// <param name="samples">Which samples.</param>
    /// <param name="key">Where the order of the samples and dropout draw from.</param>
    /// <param name="constraint">What the weights must keep to, or null.</param>
    /// <param name="report">Told the epoch, from 1, and its mean loss over the samples.</param>
    /// <param name="cancellation">Stops the work at the next step.</param>
    /// <returns>The loss of the last epoch.</returns>
    /// <exception cref="DivergedException">The loss is no longer finite.</exception>
    public EpochLoss Run(ReadOnlySpan<int> samples, RandomKey key, IWeightConstraint? constraint = null,
        Action<int, double>? report = null, CancellationToken cancellation = default)
    {
        using var whole = NewDisposeScope();
        using var optimizer = OptimizerStep.For(settings.Optimizer, settings.Momentum, source.Values);
        Tensor[] anchors = settings.Proximal > 0 ? [.. source.Values.Select(each => each.Values.detach().clone())] : [];
        Tensor[] corrections = Like(settings.Correction), trained = Like(settings.Trained);
        var fixtures = new Fixtures(anchors, corrections, trained);
        int[] order = [.. samples];
        var last = default(EpochLoss);
        for (int epoch = 0; epoch < settings.Epochs; epoch++)
        {
            var epochKey = key.Fold("epoch").Fold((ulong)epoch);
            new RandomDraws(epochKey).Shuffle(order.AsSpan());
            last = RunEpoch(order, epoch, epochKey, optimizer, fixtures, constraint, cancellation);
            report?.Invoke(epoch + 1, last.OfSamples);
        }

        return last;
    }

    EpochLoss RunEpoch(int[] order, int epoch, RandomKey key, OptimizerStep optimizer, Fixtures fixtures,
        IWeightConstraint? constraint, CancellationToken cancellation)
    {
        double ofSteps = 0, ofSamples = 0;
        int steps = (order.Length + settings.BatchSize - 1) / settings.BatchSize, all = settings.Epochs * steps;
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            int from = step * settings.BatchSize, done = epoch * steps + step;
            var batch = order.AsMemory(from, Math.Min(settings.BatchSize, order.Length - from));
            double progress = (double)done / all, loss = source.Backward(batch, progress, key.Fold((ulong)step));
            if (!double.IsFinite(loss))
                throw Diverged(loss, epoch, done);
            ofSteps += loss;
            ofSamples += batch.Length * loss;
            Move(optimizer, fixtures, settings.RateAt(progress));
            source.Settle(constraint, (double)(done + 1) / all);
        }

        return new EpochLoss(ofSteps / Math.Max(1, steps), ofSamples / Math.Max(1, order.Length));
    }

    void Move(OptimizerStep optimizer, Fixtures fixtures, double rate)
    {
        using var scope = NewDisposeScope();
        using var gradientless = no_grad();
        if (double.IsFinite(settings.ClipNorm))
            Clip();
        for (int i = 0; i < source.Values.Count; i++)
        {
            var each = source.Values[i];
            if (each.Gradient() is not { } gradient)
                continue;
            if (settings.WeightDecay > 0)
                gradient.AddProductInPlace(each.Values, each.Decaying, settings.WeightDecay);
            if (fixtures.Anchors.Length > 0)
                gradient.AddProductInPlace(each.Values - fixtures.Anchors[i], each.Learnable, settings.Proximal);
            if (fixtures.Corrections.Length > 0)
                gradient.AddProductInPlace(fixtures.Corrections[i], each.Learnable, 1);
            if (fixtures.Trained.Length > 0)
                gradient.mul_(fixtures.Trained[i]);
        }

        optimizer.Apply(rate);
    }

    // One tensor for each of the source's values, which stand in the order of the layout; none for nothing.
    Tensor[] Like(ReadOnlyMemory<float> all)
    {
        var tensors = new Tensor[all.IsEmpty ? 0 : source.Values.Count];
        int offset = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            var values = source.Values[i].Values;
            int length = (int)values.numel();
            tensors[i] = tensor(all.Slice(offset, length).ToArray()).reshape(values.shape);
            offset += length;
        }

        return tensors;
    }

    /// <summary>
    /// What stays the same through all steps, a tensor for each of the source's values, or none: where a pull leads to, what
    /// corrects, what is trained.
    /// </summary>
    readonly record struct Fixtures(Tensor[] Anchors, Tensor[] Corrections, Tensor[] Trained);

    void Clip()
    {
        Tensor[] gradients = [.. source.Values.Select(each => each.Gradient()).OfType<Tensor>()];
        double[] norms = [.. gradients.Select(gradient => gradient.norm().ToDouble())];
        double norm = norms is [var only] ? only : Math.Sqrt(norms.Sum(each => each * each));
        if (!double.IsFinite(norm))
            throw new DivergedException(
                $"Training of '{source.Name}' cannot go on: its gradient is too long to compute with. Use a smaller learning "
                    + $"rate than {settings.RateAt(0)}, or look for samples whose values are too large.");
        if (norm > settings.ClipNorm)
        {
            foreach (var gradient in gradients)
                gradient.ScaleInPlace(settings.ClipNorm / norm);
        }
    }

    DivergedException Diverged(double loss, int epoch, int done) => new(done == 0
        ? $"Training of '{source.Name}' cannot begin: the loss is {loss} before the first step. The samples' values, or the "
            + $"model's weights, are too large to compute with."
        : $"Training of '{source.Name}' diverged: the loss is {loss} in epoch {epoch + 1}. Use a smaller learning rate than "
            + $"{settings.RateAt(0)}.");
}
