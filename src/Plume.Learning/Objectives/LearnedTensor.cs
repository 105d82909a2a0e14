using static TorchSharp.torch;

namespace Plume.Learning.Objectives;

/// <summary>Values of a model, some or all of which are learned.</summary>
/// <param name="Values">The values.</param>
/// <param name="Learnable">1 where a value is learned, 0 elsewhere; of the values' shape, or one for all.</param>
/// <param name="Decaying">1 where weight decay shrinks a value, 0 elsewhere; of the values' shape, or one for all.</param>
/// <param name="Gradient">The gradient of the last backward pass, 0 where nothing is learned; null where the loss does not depend
/// on the values.</param>
sealed record LearnedTensor(Tensor Values, Tensor Learnable, Tensor Decaying, Func<Tensor?> Gradient);
