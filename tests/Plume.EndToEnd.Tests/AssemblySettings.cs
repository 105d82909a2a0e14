using Xunit.v3;

// Each test has several processes of its own, which wait for one another most of the time: two tests keep two cores busy.
[assembly: Parallelization(MaxThreads = 2)]
