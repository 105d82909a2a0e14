namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// Where the levels of a group of values lie. Dense values sit at multiples of Step; magnitudes that a select kept, at Low + k *
/// Step.
/// </summary>
readonly record struct Grid(float Low, float Step);
