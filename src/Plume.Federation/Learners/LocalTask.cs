using Plume.Compression.Randomness;

namespace Plume.Federation.Learners;

/// <summary>One client's work in one round.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Client">The client's number in the federation, from 0.</param>
/// <param name="Received">The decoded global model to start from, in the order of the model's layout.</param>
/// <param name="Objective">What to minimize.</param>
/// <param name="Key">Where every random draw of this work comes from, so that it can be repeated to the bit.</param>
public sealed record LocalTask(int Round, int Client, ReadOnlyMemory<float> Received, LocalObjective Objective, RandomKey Key);

/// <summary>What training gave besides the weights.</summary>
/// <param name="Samples">Training samples the client holds: its weight in the mean.</param>
/// <param name="Loss">Mean training loss over the steps of the last epoch; not finite where training diverged, and then nothing is sent.</param>
public sealed record LocalOutcome(int Samples, double Loss);

/// <summary>How good a model is on a data set.</summary>
/// <param name="Accuracy">Share of samples whose most likely class is the label, 0 to 1.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Samples">Number of samples measured.</param>
public sealed record Evaluation(double Accuracy, double Loss, int Samples);
