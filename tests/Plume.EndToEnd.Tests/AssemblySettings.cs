using Xunit.Sdk;
using Xunit.v3;

// Each test has several processes of its own, which already run beside one another.
[assembly: Parallelization(Mode = ParallelMode.None)]
