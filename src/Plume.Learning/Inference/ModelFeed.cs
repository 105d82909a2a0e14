namespace Plume.Learning.Inference;

/// <summary>The inputs of one run.</summary>
/// <param name="Tensors">One for each input of the model, in their order.</param>
/// <param name="Samples">How many samples these are; where a model takes a fixed number at once, the last run is filled with
/// repetitions.</param>
/// <param name="Batch">The length of the batch dimension, repetitions included; 1 where there is none.</param>
public sealed record ModelFeed(IReadOnlyList<RuntimeTensor> Tensors, int Samples, int Batch);
