// Speed and memory of the codec: kernels that work in the cache, and whole lines over ten million values.
// Usage: Plume.Compression.Bench [--filter PATTERN], as BenchmarkDotNet takes it; see docs/benchmarks.md.
using BenchmarkDotNet.Running;
using Plume.Compression.Bench;

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, new Speeds());
